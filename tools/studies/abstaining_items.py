"""Whether rules for labels, spans and answers keep their bound on other texts.

    python -m tools.studies.abstaining_items tagger.tflite --data test.conll --max-wrong 0.1 0.2

A file that the data was not trained on: 100 random halves of the rows to fit on, the others to
measure, for each bound a row of docs/abstaining.md. `all rows` is the share of rules of which more
than the bound is wrong on all rows: what is known of how the file does, and what the 5 % that the
statistics allow are to be compared with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import edgebert
from edgebert.converter.abstain import AbstentionPlan, fit_items
from edgebert.errors import CheckFailedError
from edgebert.evaluation.tally import Items, Tally, observe
from edgebert.progress import silent

DRAWS = 100


def asked(file: Path, data: Path) -> tuple[Items, int, str]:
    """What a file that never abstains gives to all rows, how many these are, and what it is."""
    tally = Tally()
    with edgebert.load(file, threshold=0) as model:
        found = AbstentionPlan(data).open(model.task, multi_label=model.multi_label)
        for (observation,) in observe([model], found, silent):
            tally.add(observation)
    return tally.items(), tally.rows, found.evaluator.items or ""


def row(found: Items, rows: int, items: str, max_wrong: float) -> str:
    """What rules with one bound come to."""
    random = np.random.default_rng(0)
    plan = AbstentionPlan(Path("half"), max_wrong=max_wrong)
    measured, above, refused = [], 0, 0
    for _ in range(DRAWS):
        chosen = (random.permutation(rows) < rows // 2)[found.rows.astype(int)]
        half, other = (Items(*(each[part] for each in found)) for part in (chosen, ~chosen))
        try:
            rule = fit_items(half, rows // 2, plan, items)
        except CheckFailedError:
            refused += 1
            continue
        given = other.scores >= rule.min_score
        measured.append((given.mean(), 1 - other.right[given].mean()))
        every = found.scores >= rule.min_score
        above += 1 - found.right[every].mean() > max_wrong
    if not measured:
        return f"| {max_wrong:g} | refused, {refused} of {DRAWS} |"
    coverage, wrong = 100 * np.array(measured).T
    within = int((wrong <= 100 * max_wrong).sum())
    return (
        f"| {max_wrong:g} | {coverage.mean():.1f} % ({coverage.min():.1f}) | {wrong.mean():.1f} % "
        f"({wrong.max():.1f}) | {within} of {len(measured)} | {above} | {refused} |"
    )


def main() -> None:
    """Prints the table of one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a tagger, an answerer or a multi-label classifier")
    parser.add_argument("--data", type=Path, required=True, help="as for edgebert evaluate")
    parser.add_argument("--max-wrong", type=float, nargs="+", default=[0.1, 0.2])
    options = parser.parse_args()
    found, rows, items = asked(options.file, options.data)
    wrong = 100 * (1 - found.right.mean())
    print(f"{len(found.scores):,} {items} of {rows:,} rows, {wrong:.1f} % wrong\n")
    print(
        "| bound | given (least) | wrong (most) | within, other half | above, all rows | refused |"
    )
    print("|---" * 6 + "|")
    for max_wrong in options.max_wrong:
        print(row(found, rows, items, max_wrong), flush=True)


if __name__ == "__main__":
    main()
