"""What the rule of a BANKING77 classifier is worth, and which signal of texts out of scope is best.

    python -m tools.studies.abstaining edgebert/data/intents.tflite --data FOLDER
    python -m tools.studies.abstaining edgebert/data/intents.tflite --confidence 0.95 0.975 0.99

Signals are chosen on texts that no figure is shown of (CHOOSING) and measured on others (SHOWN).
FOLDER has mrpc, wikigold, sst2, stsb, xquad and clinc150 with their files as published. Prints the
tables of docs/abstaining.md: random halves of BANKING77's test to fit on, the others to measure.
Without FOLDER the signals are left out.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import edgebert
from edgebert.converter.abstain import KEPT, AbstentionPlan, fit
from edgebert.converter.risk_bound import CONFIDENCE
from edgebert.errors import TruncationWarning
from edgebert.evaluation.selective import expected_calibration_error, reliability
from edgebert.runtime.abstention import calibrated, energy
from edgebert.runtime.model import Model
from tools.data_sets import banking77, read_column, read_sentences

Array: TypeAlias = npt.NDArray[Any]
Signal: TypeAlias = Callable[[Array, Array], Array]
"""From the probabilities to fit on, and those to judge, to how much each looks like a label's."""

DRAWS = (20, 100)
MAX_WRONG = 0.03
_LEAST = 1e-12

_BANKING_INTENTS = """
transfer transactions balance freeze_account pay_bill bill_balance bill_due interest_rate
routing min_payment order_checks pin_change report_fraud account_blocked spending_history
credit_score report_lost_card credit_limit rewards_balance new_card application_status
card_declined international_fees apr redeem_rewards credit_limit_change damaged_card
replacement_card_duration improve_credit_score expiration_date exchange_rate
"""
"""Of CLINC150: what a bank's customers ask is no text out of scope."""


def _column(path: Path, name: str) -> list[str]:
    return [text for text in read_column(path, name) if text]


def _sentences(path: Path) -> list[str]:
    return [" ".join(words) for words in read_sentences(path) if len(words) > 2][:1000]


def _clinc(folder: Path, part: str) -> list[str]:
    rows = json.loads((folder / "clinc150/data_full.json").read_text(encoding="utf-8"))[part]
    banking = frozenset(_BANKING_INTENTS.split())
    return [text for text, label in rows if label not in banking]


def _xquad(folder: Path) -> list[str]:
    data = json.loads((folder / "xquad/xquad.en.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [each for article in data for each in article["paragraphs"]]
    return [question["question"] for each in paragraphs for question in each["qas"]]


Texts: TypeAlias = dict[str, Callable[[Path], list[str]]]
CHOOSING: Texts = {
    "CLINC150, in scope, val": lambda folder: _clinc(folder, "val"),
    "WikiGold": lambda folder: _sentences(folder / "wikigold/wikigold.conll.txt"),
    "MRPC, dev": lambda folder: _column(folder / "mrpc/dev.tsv", "#1 String"),
}
SHOWN: Texts = {
    "SST-2, dev": lambda folder: _column(folder / "sst2/dev.tsv", "sentence"),
    "STS-B, dev": lambda folder: _column(folder / "stsb/dev.tsv", "sentence1"),
    "XQuAD, questions": _xquad,
    "CLINC150, out of scope": lambda folder: _clinc(folder, "oos_test"),
}


def _logs(scores: Array) -> Array:
    return np.asarray(np.log(np.maximum(scores, _LEAST)))


def _less_label(signal: Callable[[Array], Array]) -> Signal:
    """A signal less its mean over the texts that got the same label, drawn towards that of all."""

    def above(known: Array, asked: Array) -> Array:
        values, best, labels = signal(known), known.argmax(1), known.shape[1]
        sums = np.bincount(best, values, labels) + 10 * values.mean()
        means = sums / (np.bincount(best, minlength=labels) + 10)
        return np.asarray(signal(asked) - means[asked.argmax(1)])

    return above


def _entropy(scores: Array) -> Array:
    return np.asarray((scores * _logs(scores)).sum(1))


def _margin(scores: Array) -> Array:
    first = np.sort(_logs(scores), axis=1)
    return np.asarray(first[:, -1] - first[:, -2])


def _generalised_entropy(scores: Array) -> Array:
    """GEN (Liu et al. 2023) with gamma 0.1, over all labels."""
    return np.asarray(-(scores**0.1 * (1 - scores) ** 0.1).sum(1))


def _spread(scores: Array) -> Array:
    return np.asarray(_logs(scores).std(1))


def _centred(scores: Array) -> Array:
    logs = _logs(scores)
    return np.asarray(logs - logs.mean(1, keepdims=True))


def _mahalanobis(known: Array, asked: Array) -> Array:
    """Minus the distance to the nearest label's centre (Lee et al. 2018), covariance shrunk."""
    points, best = _centred(known), known.argmax(1)
    found = np.unique(best)
    centres = np.stack([points[best == each].mean(0) for each in found])
    apart = points - centres[np.searchsorted(found, best)]
    covariance = np.cov(apart.T)
    covariance += 0.1 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    root = np.linalg.cholesky(np.linalg.inv(covariance))
    own, others = _centred(asked) @ root, centres @ root
    far = (own**2).sum(1)[:, None] - 2 * own @ others.T + (others**2).sum(1)
    return np.asarray(-far.min(1))


def _neighbour(known: Array, asked: Array) -> Array:
    """Minus the distance to the fifth nearest text (Sun et al. 2022)."""
    near, own = _centred(known), _centred(asked)
    far = (own**2).sum(1)[:, None] - 2 * own @ near.T + (near**2).sum(1)
    return np.asarray(-np.partition(far, 5, axis=1)[:, 5])


def _plain(signal: Callable[[Array], Array]) -> Signal:
    return lambda known, asked: signal(asked)


SIGNALS: dict[str, Signal] = {
    "highest score": _plain(lambda scores: scores.max(1)),
    "entropy": _plain(_entropy),
    "entropy less the label's": _less_label(_entropy),
    "margin": _plain(_margin),
    "generalised entropy": _plain(_generalised_entropy),
    "generalised entropy less the label's": _less_label(_generalised_entropy),
    "spread of the logits": _plain(_spread),
    "spread of the logits less the label's": _less_label(_spread),
    "energy": _plain(energy),
    "energy less the label's": _less_label(energy),
    "Mahalanobis": _mahalanobis,
    "fifth neighbour": _neighbour,
}


def scores_of(model: Model, texts: Sequence[str]) -> Array:
    """The graph's own probabilities of each text, [n, K]."""
    given = np.array([list(model.reply(text).value.scores.values()) for text in texts])
    rule = model.abstention
    return given if rule is None else calibrated(given, 1 / rule.temperature)


def rejected(signal: Signal, halves: Sequence[tuple[Array, Array]], outside: Array) -> float:
    """Share of `outside` below the bar that `KEPT` of the half that is measured on passes."""
    shares = []
    for known, measured in halves:
        bar = np.quantile(signal(known, measured), 1 - KEPT)
        shares.append(float((signal(known, outside) < bar).mean()))
    return float(np.mean(shares))


def rule_row(
    scores: Array, expected: Array, fitted: Array, confidence: float
) -> tuple[float, float, float, float]:
    """Coverage, wrong among answered and ECE of the rule, and the ECE of plain scores."""
    known, asked = scores[fitted], scores[~fitted]
    plan = AbstentionPlan(Path("half.csv"), max_wrong=MAX_WRONG, confidence=confidence)
    rule = fit(known, expected[fitted], np.empty((0, scores.shape[1])), plan)
    best, sure = asked.argmax(1), calibrated(asked, rule.temperature).max(1)
    right = best == expected[~fitted]
    near = energy(asked) - np.array(rule.energies)[best]
    answered = (sure >= rule.min_score) & (near >= rule.min_scope)
    errors = [expected_calibration_error(reliability(each, right)) for each in (sure, asked.max(1))]
    return float(answered.mean()), float(1 - right[answered].mean()), errors[0], errors[1]


def print_rule(scores: Array, expected: Array, halves: Sequence[Array], confidence: float) -> None:
    """What rules of one confidence come to, over the first of the halves and over all."""
    every = 100 * np.array([rule_row(scores, expected, half, confidence) for half in halves])
    for draws in DRAWS:
        found = every[:draws]
        kept = int((found[:, 1] <= MAX_WRONG * 100).sum())
        coverage, wrong, error, plain = found.mean(0)
        print(
            f"confidence {100 * confidence:g} %, {draws} halves: "
            f"answered {coverage:.1f} % (least {found[:, 0].min():.1f}), "
            f"wrong {wrong:.2f} % (most {found[:, 1].max():.2f}; within the bound in {kept}), "
            f"ECE {error:.2f} % (most {found[:, 2].max():.2f}; plain scores {plain:.2f})",
            flush=True,
        )


def print_signals(halves: Sequence[tuple[Array, Array]], outside: dict[str, Array]) -> None:
    """What each signal rejects."""
    print("\n| rejected | " + " | ".join(outside) + " | mean of the choosing |")
    print("|---" * (len(outside) + 2) + "|")
    for name, signal in SIGNALS.items():
        shares = [100 * rejected(signal, halves, each) for each in outside.values()]
        cells = " | ".join(f"{each:.1f}" for each in (*shares, np.mean(shares[: len(CHOOSING)])))
        print(f"| {name} | {cells} |", flush=True)


def main() -> None:
    """Prints all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a classifier of BANKING77")
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--confidence", type=float, nargs="+", default=[CONFIDENCE])
    options = parser.parse_args()
    rows = banking77("test")
    texts = {} if options.data is None else CHOOSING | SHOWN
    with edgebert.load(options.file) as model, warnings.catch_warnings():
        warnings.simplefilter("ignore", TruncationWarning)
        labels = list(model.labels or ())
        scores = scores_of(model, [text for text, _ in rows])
        expected = np.array([labels.index(label) for _, label in rows])
        outside = {name: scores_of(model, read(options.data)) for name, read in texts.items()}
    print(f"right {100 * (scores.argmax(1) == expected).mean():.2f} %")
    random = np.random.default_rng(0)
    fitted = [random.permutation(len(rows)) < len(rows) // 2 for _ in range(max(DRAWS))]
    for confidence in options.confidence:
        print_rule(scores, expected, fitted, confidence)
    if outside:
        print_signals([(scores[each], scores[~each]) for each in fitted[:5]], outside)


if __name__ == "__main__":
    main()
