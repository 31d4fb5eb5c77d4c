"""Rules of when to abstain from labels, spans and answers, and the statistics behind them."""

import csv
import json
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from typer.testing import CliRunner

pytest.importorskip("ai_edge_litert", reason="files are written with ai-edge-litert")

import edgebert
from edgebert.cli.main import app
from edgebert.converter.risk_bound import bounding_bar, covering_bar, design_effect
from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.evaluation.tagged import read_tagged
from edgebert.model_file.record import Record
from tests.conftest import REFERENCE, SOURCES

WIKIGOLD = Path("tests/data/wikigold/sentences.conll")
BANKING77 = Path("tests/data/banking77/test.csv")
NAMES = {"tag": "spans", "multi-label": "labels", "answer": "answers"}


def drawn(seed, rows):
    """Scores of up to 8 items a row that are right as often as they say, mostly all or none."""
    random = np.random.default_rng(seed)
    counts = random.integers(1, 9, rows)
    row = np.repeat(np.arange(rows), counts)
    scores = random.beta(6, 1, rows)[row]
    shared, alone = random.random(rows)[row], random.random(len(row))
    return scores, np.where(random.random(len(row)) < 0.9, shared, alone) < scores, row


def wrong_above(bar):
    """Share of the wrong ones above a bar, from the density 6 s ** 5 of the scores."""
    return 1 - 6 / 7 * (1 - bar**7) / (1 - bar**6)


def test_items_of_one_row_prove_less_than_as_many_rows():
    """Of 200 calibrations at most the 5 % that the bound allows, and chance; else not so."""
    bars = {True: [], False: []}
    for seed in range(200):
        scores, right, rows = drawn(seed, 1200)
        for by_row, found in bars.items():
            kept = rows if by_row else None
            found.append(bounding_bar(scores, right, 0.1, rows=kept, items="spans"))
    above, naive = (sum(wrong_above(bar) > 0.1 for bar in bars[by_row]) for by_row in (True, False))
    most = binom.ppf(0.99, 200, 0.05)
    assert above <= most
    assert naive > most


def test_the_design_effect_is_the_variance_that_rows_add():
    random = np.random.default_rng(0)
    alone = random.random(4000) < 0.2
    assert design_effect(alone, np.arange(4000)) == 1
    thrice, rows = np.repeat(alone, 3), np.repeat(np.arange(4000), 3)
    assert design_effect(thrice, rows) == pytest.approx(3)
    assert design_effect(random.permutation(thrice), rows) < 1.1
    assert design_effect(np.zeros(9, bool), np.arange(9)) == 1


def test_a_covering_bar_lets_as_many_pass_as_were_asked_for():
    scores = np.random.default_rng(1).random(1000)
    for count in (1, 500, 999, 1000):
        assert np.sum(scores >= covering_bar(scores, count)) == count


def questions(number):
    with BANKING77.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file) if len(row["text"]) < 60][:number]


def tagged(model, path):
    """The spans of a model as the right ones."""
    with path.open("w", encoding="utf-8") as file:
        for sentence in read_tagged(WIKIGOLD):
            starts = list(accumulate((len(word) + 1 for word in sentence.words), initial=0))[:-1]
            tags = ["O"] * len(starts)
            for span in model.tag(" ".join(sentence.words)):
                inside = [at for at, start in enumerate(starts) if span.start <= start < span.end]
                for number, at in enumerate(inside):
                    tags[at] = f"{'I' if number else 'B'}-{span.label}"
            rows = zip(sentence.words, tags, strict=True)
            file.writelines([*(f"{word} {tag}\n" for word, tag in rows), "\n"])


def labelled(model, path):
    """The labels of a model as the right ones."""
    with path.open("w", encoding="utf-8") as file:
        for text in questions(150):
            scores = model.classify(text).scores
            labels = [label for label, score in scores.items() if score > 0.5]
            file.write(json.dumps({"text": text, "labels": labels}) + "\n")


def asked(model, path):
    """The answers of a model as the right ones, and every third question without one."""
    paragraphs = []
    for number, (sentence, question) in enumerate(
        zip(read_tagged(WIKIGOLD), questions(150), strict=False)
    ):
        context = " ".join(sentence.words)
        found = model.answer(question, context)
        answers = [{"text": found.text, "answer_start": found.start}] if number % 3 else []
        row = {"id": str(number), "question": question, "answers": answers}
        row["is_impossible"] = not answers
        paragraphs.append({"context": context, "qas": [row]})
    path.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))


WRITERS = {"tag": (tagged, "conll"), "multi-label": (labelled, "jsonl"), "answer": (asked, "json")}


class Case:
    """A file that abstains from half of what it gives, one that never does, and the data."""

    def __init__(self, name, folder):
        write, suffix = WRITERS[name]
        self.name, self.data = name, folder / f"{name}.{suffix}"
        self.source = REFERENCE / SOURCES[name]
        self.plain, self.file = folder / "plain.tflite", folder / "file.tflite"
        edgebert.convert(self.source, self.plain, quantize="float32")
        with edgebert.load(self.plain) as model:
            write(model, self.data)
        edgebert.convert(
            self.source, self.file, quantize="float32", calibrate=self.data, min_coverage=0.5
        )

    def replies(self, model):
        """What a model gives on some texts: pairs of score and whether it abstains."""
        texts = questions(40)
        if self.name == "multi-label":
            for answer in map(model.classify, texts):
                assert answer.abstained == (None if answer.given is None else not answer.given)
                for label, score in answer.scores.items():
                    yield score, None if answer.given is None else label not in answer.given
        for text in texts:
            if self.name == "tag":
                yield from ((span.score, span.abstained) for span in model.tag(text))
            if self.name == "answer":
                found = model.answer("Where is it?", text)
                yield found.score, found.abstained


@pytest.fixture(scope="module", params=WRITERS)
def case(request, tmp_path_factory):
    return Case(request.param, tmp_path_factory.mktemp(request.param))


def test_a_file_gives_as_much_as_was_asked_for(case):
    evaluation = edgebert.evaluate(case.file, case.data)
    confidence = evaluation.confidence
    assert confidence.items == NAMES[case.name]
    assert confidence.coverage == pytest.approx(0.5, abs=0.02)
    plain = edgebert.evaluate(case.plain, case.data)
    assert plain.confidence.coverage == 1
    if case.name != "answer":  # where a third has no answer, to abstain is to say so
        assert confidence.selective_accuracy == 1
        assert evaluation.metrics == plain.metrics


def test_what_is_below_the_bar_is_abstained_from(case):
    with edgebert.load(case.file) as model, edgebert.load(case.plain) as plain:
        bar = model.abstention.min_score
        own, others = list(case.replies(model)), list(case.replies(plain))
        assert {abstained for _, abstained in own} == {True, False}
        assert all(abstained == (score < bar) for score, abstained in own)
        assert {abstained for _, abstained in others} == {None}
        if case.name == "answer":  # that there is none takes a share
            assert all(mine < theirs for (mine, _), (theirs, _) in zip(own, others, strict=True))
        else:
            assert [score for score, _ in own] == [score for score, _ in others]
        assert model.selftest().passed
        assert Record.from_json(model.record.to_json()) == model.record
        assert model.record.format == 4


def test_a_threshold_stands_in_for_the_rule(case):
    for file in (case.file, case.plain):
        with edgebert.load(file, threshold=0) as never, edgebert.load(file, threshold=1) as always:
            assert {abstained for _, abstained in case.replies(never)} == {False}
            assert {abstained for _, abstained in case.replies(always)} == {True}


def run(*arguments, status=0):
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == status, result.output
    return result.stdout + result.stderr


def test_commands_tell_what_is_abstained_from(case, tmp_path):
    pair = ("--pair", "It is in my card.") if case.name == "answer" else ()
    text = questions(1)[0]
    found = json.loads(run("run", case.file, text, *pair, "--threshold", 1, "--json"))
    plain = json.loads(run("run", case.plain, text, *pair, "--json"))
    for each, told in ((found, True), (plain, False)):
        given = each.get("spans") or [each.get("answer") or each]
        assert all(("abstained" in one) == told for one in given)
        assert ("given" in each) == (told and case.name == "multi-label")
    assert "(not sure)" in run("run", case.file, text, *pair, "--threshold", 1)
    items = NAMES[case.name]
    assert f"% of its {items}, " in " ".join(run("inspect", case.file).split())
    page = tmp_path / "page.html"
    shown = run("evaluate", case.file, "--data", case.data, "--html", page)
    assert f"of the {items} are right" in shown
    assert "Reliability diagram" in page.read_text()


def test_a_bound_is_kept_or_refused(case, tmp_path):
    output = tmp_path / "bound.tflite"
    bound = 0.6 if case.name == "answer" else 0.2
    run(
        *("convert", case.source, "-o", output, "--calibrate", case.data),
        *("--max-wrong", bound, "--confidence", 0.9),
    )
    with edgebert.load(output) as model:
        fit = model.record.abstention.fit
    assert fit.confidence == 0.9
    assert "with a confidence of 90.0 %" in " ".join(run("inspect", output).split())
    assert fit.wrong <= bound
    assert fit.coverage > 0.4
    with pytest.raises(CheckFailedError, match=NAMES[case.name]) as caught:
        edgebert.convert(case.source, tmp_path / "x", calibrate=case.data, max_wrong=0.001)
    assert "\n" not in str(caught.value)
    assert [each.name for each in tmp_path.iterdir()] == ["bound.tflite"]


def test_what_is_for_one_label_a_text_is_refused(case, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("Will it rain?\n")
    for wish in ({"out_of_scope": other}, {"min_coverage": 1.0}):
        with pytest.raises(EdgebertError, match="is for classifiers with one label a text"):
            edgebert.convert(case.source, tmp_path / "x", calibrate=case.data, **wish)
    with pytest.raises(EdgebertError, match="texts out of scope are for classifiers with one"):
        edgebert.evaluate(case.file, case.data, out_of_scope=other)
