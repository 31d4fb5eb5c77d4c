"""Full-integer files of every task do all that other files do."""

import json
import warnings

import numpy as np
import pytest
from typer.testing import CliRunner

import edgebert
from edgebert.cli.main import app
from edgebert.errors import CalibrationWarning, EdgebertError, TruncationWarning
from tests.conftest import RUNTIME, SOURCES

LENGTHS = (16, 48)
CALLS = {
    "embed": ("Where is my card?", "Where is my card? I ordered it weeks ago."),
    "classify": ("Where is my card?", "It has not come, and nobody answers."),
    "multi-label": ("Where is my card?", "It has not come, and nobody answers."),
    "tag": ("Anna lives in Paris", "Anna lives in Paris with Mr. Smith, who is from Rome."),
    "answer": (("Who?", "Anna lives in Paris"), ("Where?", "Anna lives in Paris with Mr. Smith")),
    "fill-mask": ("the [MASK] is red", "the [MASK] of the [MASK] is not as red as that one was"),
}


@pytest.fixture(scope="session")
def integer(converted):
    """Gives the path of a full-integer file of a task."""

    def path_of(name, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CalibrationWarning)
            return converted(name, quantize="int8-full", lengths=LENGTHS, **options)

    return path_of


def arguments(call):
    return call if isinstance(call, tuple) else (call,)


@pytest.mark.parametrize("name", SOURCES)
def test_the_output_is_near_that_of_float32(converted, integer, name):
    float32 = converted(name, quantize="float32")
    with edgebert.load(float32) as exact, edgebert.load(integer(name)) as model:
        assert model.max_length == LENGTHS[-1]
        for call in CALLS[name]:
            ids, segments, _ = exact.tokenizer.encode(*arguments(call), max_length=LENGTHS[-1])
            wanted, found = (each.run_ids(ids, segments) for each in (exact, model))
            assert found.shape == wanted.shape
            assert found.dtype == np.float32
            x, y = wanted.ravel(), found.ravel()
            assert x @ y / np.linalg.norm(x) / np.linalg.norm(y) > 0.99, call


@pytest.mark.parametrize("name", SOURCES)
def test_a_batch_gives_what_calls_give_and_the_self_test_passes(integer, name):
    with edgebert.load(integer(name)) as model:
        calls = [*CALLS[name]] * 6
        expected = [repr(model(*arguments(call))) for call in calls]
        assert [repr(answer) for answer in model.batch(calls, workers=2)] == expected
        assert model.selftest().passed


def test_scores_are_probabilities_and_vectors_have_length_1(integer):
    with edgebert.load(integer("classify")) as model:
        assert sum(model("Where is my card?").scores.values()) == pytest.approx(1)
    with edgebert.load(integer("multi-label")) as model:
        assert all(0 < score < 1 for score in model("Where is my card?").scores.values())
    with edgebert.load(integer("embed")) as model:
        assert np.linalg.norm(model("Where is my card?")) == pytest.approx(1, abs=1e-6)


def test_a_longer_text_is_cut_off_and_says_so_or_goes_in_windows(integer):
    text = "word " * 100
    with edgebert.load(integer("classify")) as model:
        with pytest.warns(TruncationWarning, match="longer than 48 tokens"):
            model(text)
        reply = model.reply(text, long="mean")
        assert not reply.truncated
        assert reply.tokens > 100


def test_more_masks_than_one_run_takes_are_all_filled(integer):
    text = "[MASK] " * 20
    with edgebert.load(integer("fill-mask")) as model:
        assert model.record.integer.positions < 20
        assert len(model(text)) == 20


def test_segments_follow_the_separator_and_others_are_refused(integer):
    with edgebert.load(integer("classify")) as model:
        ids, segments, _ = model.tokenizer.encode("a", "b")
        np.testing.assert_array_equal(model.run_ids(ids, segments), model.run_ids(ids))
        with pytest.raises(EdgebertError, match="--inputs ids,mask,segment_ids"):
            model.run_ids(ids, [0] * len(ids))


def test_a_file_that_takes_mask_and_segments_gives_the_same(integer):
    three = integer("classify", inputs=("ids", "mask", "segment_ids"))
    with edgebert.load(integer("classify")) as alone, edgebert.load(three) as model:
        for pair in (None, "It has not come."):
            one, other = (each("Where is my card?", pair) for each in (alone, model))
            assert one.score == pytest.approx(other.score, abs=0.02)


def test_the_verbs_take_it(integer, tmp_path):
    def call(*arguments):
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    embedder, classifier = integer("embed"), integer("classify")
    (tmp_path / "texts.txt").write_text("Where is my card?\nIt has not come.\n" * 20)
    output = tmp_path / "answers.jsonl"
    call("run", classifier, "--input", tmp_path / "texts.txt", "--output", output)
    assert len(output.read_text().splitlines()) == 40
    pairs = "tests/data/pairs.tsv"
    found = json.loads(call("evaluate", embedder, "--data", pairs, "--json"))
    assert found["metrics"]
    texts = tmp_path / "texts.txt"
    searched = call("search", embedder, "--corpus", texts, "--json", "Where is my card?")
    assert json.loads(searched)["results"][0]["hits"][0]["text"] == "Where is my card?"


@pytest.mark.skipif(RUNTIME != "litert", reason="benchmarks a file for this machine's engine")
def test_it_is_measured_like_any_other(integer, tmp_path):
    report = tmp_path / "report.json"
    options = ["--lengths", "16", "--rounds", "2", "-o", report]
    result = CliRunner().invoke(app, ["benchmark", *map(str, [integer("classify"), *options])])
    assert result.exit_code == 0, result.output
    runs = json.loads(report.read_text())["devices"][0]["runs"]
    assert [run["model"]["quantization"] for run in runs] == ["int8-full"] * len(runs)
    assert not any("weight cache" in note for run in runs for note in run["notes"])
