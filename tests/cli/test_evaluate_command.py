"""`edgebert evaluate` on a small converted classifier and embedder."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebert.cli.main import app
from edgebert.runtime.model import load

pytest.importorskip("ai_edge_litert")

REFERENCE = Path(__file__).parent.parent / "data" / "reference"
TEXTS = ["The quick brown fox.", "Where is my card?", "a", "Crème brûlée, isn't it?"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def converted(folder, checkpoint):
    path = folder / f"{checkpoint}.tflite"
    result = run("convert", REFERENCE / checkpoint, "-o", path, "--quantize", "float32")
    assert result.exit_code == 0, result.output
    return path


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return converted(tmp_path_factory.mktemp("classifier"), "hf_classifier_2x32")


@pytest.fixture(scope="module")
def embedder(tmp_path_factory):
    return converted(tmp_path_factory.mktemp("embedder"), "st_embedder_2x32")


def test_accuracy_of_a_classifier(classifier, tmp_path):
    with load(classifier) as model:
        answers = [model(text).label for text in TEXTS]
        other = next(label for label in model.labels if label != answers[-1])
    labels = [*answers[:-1], other]
    data = tmp_path / "data.tsv"
    data.write_text(
        "sentence\tlabel\n" + "".join(f"{t}\t{n}\n" for t, n in zip(TEXTS, labels, strict=True)),
        encoding="utf-8",
    )
    result = run("evaluate", classifier, "--data", data, "--json")
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert outcome.pop("seconds") > 0
    assert outcome == {
        "file": str(classifier),
        "data": str(data),
        "task": "classify",
        "rows": 4,
        "metrics": {"accuracy": 0.75},
        "truncated": 0,
    }
    shown = run("evaluate", classifier, "--data", data).stdout.split()
    assert shown[:6] == ["task", "classify", "rows", "4", "accuracy", "0.7500"]


def test_correlations_of_an_embedder_and_what_was_cut_off(embedder, tmp_path):
    data = tmp_path / "data.jsonl"
    rows = [
        {"a": TEXTS[0], "b": TEXTS[0], "how": 5},
        {"a": TEXTS[0], "b": TEXTS[1], "how": 1},
        {"a": TEXTS[2], "b": "word " * 2000, "how": 0.5},
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    columns = ["--text-column", "a", "--pair-column", "b", "--label-column", "how"]
    result = run("evaluate", embedder, "--data", data, *columns)
    assert result.exit_code == 0, result.output
    assert "spearman" in result.stdout
    assert "truncated  1 of 3 rows, too long for the model" in result.stdout


def test_wrong_data_is_one_line_and_exit_2(classifier, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("text,label\na,LABEL_0\nb,nonsense\n", encoding="utf-8")
    result = run("evaluate", classifier, "--data", data)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "data.csv, line 2: the model has no label 'LABEL_0'; it knows " in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_file_is_one_line_and_exit_2(classifier, tmp_path):
    result = run("evaluate", classifier, "--data", tmp_path / "none.tsv")
    assert result.exit_code == 2
    assert "none.tsv: cannot read: No such file or directory" in result.stderr
