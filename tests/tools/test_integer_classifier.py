"""One classifier in several types, against the comparison that edgebert itself makes."""

import csv

import pytest

import edgebert
from edgebert.evaluation.compare import compare
from edgebert.evaluation.data import open_data
from edgebert.progress import silent
from tools.studies.integer_classifier import judge


@pytest.fixture
def data(tmp_path, converted):
    """Labelled texts, half of them wrongly."""
    path = tmp_path / "data.csv"
    with (
        edgebert.load(converted("classify", quantize="float32")) as model,
        path.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for at in range(40):
            text = " ".join(["my card", "is late", "where"][: at % 4] + ["money"] * (at % 7))
            right = model(text or "card").label
            writer.writerow([text or "card", right if at % 2 else model.labels[0]])
    return path


def test_every_file_is_held_against_the_first(data, converted):
    files = [converted("classify", quantize=kind) for kind in ("float32", "int8")]
    with edgebert.load(files[0]) as float32, edgebert.load(files[1]) as int8:
        opened = open_data(data, "classify")
        first, second = judge([float32, int8], opened, silent)
        expected = compare(int8, float32, opened)
    assert (first.difference, first.agreement) == (0, 1)
    assert second.metric == expected.model.metrics["accuracy"]
    assert second.difference == expected.differences["accuracy"]
    assert second.bounds == expected.intervals["accuracy"]
    assert second.agreement == 1 - expected.disagreements / 40
