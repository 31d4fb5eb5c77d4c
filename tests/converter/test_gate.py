"""The gate inside a conversion, on data that float32 gets right and int8 does not quite."""

import csv
import json
from pathlib import Path

import pytest

import edgebert
from edgebert.evaluation.data import open_data
from edgebert.evaluation.evaluate import evaluate
from tests.conftest import REFERENCE, SOURCES

SOURCE = REFERENCE / SOURCES["embed"]
BANKING77 = Path(__file__).parent.parent / "data" / "banking77" / "test.csv"


@pytest.fixture(scope="module")
def labelled(tmp_path_factory, converted):
    """Pairs of short questions, with the similarity that float32 gives them."""
    path = tmp_path_factory.mktemp("gate") / "labelled.csv"
    questions = [row["text"] for row in csv.DictReader(BANKING77.open())]
    texts = [text for text in questions if len(text) < 50][:200]
    with (
        path.open("w", encoding="utf-8", newline="") as file,
        edgebert.load(converted("embed", quantize="float32")) as model,
    ):
        writer = csv.writer(file)
        writer.writerow(["sentence1", "sentence2", "score"])
        for one, other in zip(texts[::2], texts[1::2], strict=True):
            writer.writerow([one, other, float(model(one) @ model(other))])
    return path


def test_the_figures_go_into_the_record(tmp_path, labelled):
    path = tmp_path / "x.tflite"
    report = edgebert.convert(SOURCE, path, check=labelled, max_drop=0.1)
    with edgebert.load(path) as model:
        evaluation = model.record.check["evaluation"]
        again = evaluate(model, open_data(labelled, "embed"))
        assert model.selftest().passed
    assert (evaluation["data"], evaluation["rows"]) == ("labelled.csv", 100)
    assert evaluation["max_drop"] == 0.1
    spearman = evaluation["metrics"]["spearman"]
    assert spearman["value"] == again.metrics["spearman"] < 1
    assert spearman["float32"] == pytest.approx(1, abs=1e-6)
    assert spearman["difference"] == spearman["value"] - spearman["float32"]
    assert spearman["interval"][0] <= spearman["difference"] <= spearman["interval"][1]
    assert report.evaluation.model.metrics["spearman"] == spearman["value"]
    assert json.dumps(report.to_json())
    assert report.bytes == path.stat().st_size


def test_a_file_that_lost_too_much_is_not_kept(tmp_path, labelled):
    path = tmp_path / "x.tflite"
    with pytest.raises(edgebert.CheckFailedError, match=r"labelled.csv: spearman is 0.9\d+, the b"):
        edgebert.convert(SOURCE, path, check=labelled, max_drop=0)
    assert list(tmp_path.iterdir()) == []


def test_float32_passes_the_strictest_gate(tmp_path, labelled):
    path = tmp_path / "x.tflite"
    report = edgebert.convert(SOURCE, path, quantize="float32", check=labelled, max_drop=0)
    assert report.evaluation.disagreements == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_drop": 0.1}, "add --check DATA"),
        ({"check": "none.tsv", "max_drop": -1}, "max drop is -1; a number from 0 on"),
        ({"quantize": "int4", "mixed": "auto", "max_drop": float("nan")}, "max drop is nan; a n"),
        ({"quantize": "int8-full", "mixed": "auto", "max_drop": -0.1}, "max drop is -0.1; a n"),
        ({"check": "none.csv"}, "none.csv: cannot read"),
        ({"check": "none.csv", "task": "encode"}, "task 'encode' cannot be evaluated"),
    ],
)
def test_wrong_use_writes_nothing(tmp_path, options, message):
    with pytest.raises(edgebert.EdgebertError, match=message):
        edgebert.convert(SOURCE, tmp_path / "x.tflite", **options)
    assert list(tmp_path.iterdir()) == []
