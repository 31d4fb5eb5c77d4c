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
        known = model.labels
        other = next(label for label in known if label != answers[-1])
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
    intervals = outcome.pop("intervals")
    assert set(intervals) == set(outcome["metrics"])
    assert all(low <= high for low, high in intervals.values())
    assert 0 < outcome["metrics"].pop("macro_f1") < 1
    assert -1 <= outcome["metrics"].pop("matthews") < 1
    assert outcome.pop("labels_without_rows", []) == [each for each in known if each not in labels]
    assert outcome.pop("confidence")["coverage"] == 1
    assert outcome.pop("confusions") == [{"expected": other, "predicted": answers[-1], "rows": 1}]
    per_label = {each["label"]: each for each in outcome.pop("per_label")}
    assert per_label[other]["recall"] == 0
    assert sum(each["rows"] for each in per_label.values()) == 4
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
    table = run("evaluate", classifier, "--data", data, "--per-label").stdout
    assert f"{answers[-1]} (1)" in table


def test_what_scores_are_worth_in_the_terminal_as_json_and_as_a_page(classifier, tmp_path):
    with load(classifier) as model:
        labels = [model(text).label for text in TEXTS]
    data, other, page = tmp_path / "d.csv", tmp_path / "other.txt", tmp_path / "p.html"
    rows = "".join(f'"{text}",{label}\n' for text, label in zip(TEXTS, labels, strict=True))
    data.write_text(f"text,label\n{rows}", encoding="utf-8")
    other.write_text("It rains.\n\n2 + 2 = 4\n", encoding="utf-8")
    given = ("evaluate", classifier, "--data", data, "--out-of-scope", other)
    shown = run(*given, "--html", page)
    assert shown.exit_code == 0, shown.output
    assert "out of scope" in shown.stdout
    assert "2 texts: AUROC" in shown.stdout
    found = json.loads(run(*given, "--json").stdout)["confidence"]
    assert (found["coverage"], found["selective_accuracy"], found["aurc"]) == (1, 1, 0)
    assert found["out_of_scope"]["rows"] == 2
    assert found["out_of_scope"]["rejected"] is None
    text = page.read_text(encoding="utf-8")
    assert all(each in text for each in ("Reliability diagram", "Risk–coverage curve", "AUROC"))
    assert "accuracy 1.0000 (1.0000 to 1.0000) on" in text
    assert "Wrong rows" not in text
    again = run(*given, "--html", page)
    assert (again.exit_code, "--force" in again.output) == (2, True)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_figures_of_labels_are_refused_before_anything_is_measured(embedder, more):
    pairs = REFERENCE.parent / "pairs.tsv"
    result = run("evaluate", embedder, "--data", pairs, "--per-label", *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--per-label is for classifiers; this file is for embed" in result.stderr


@pytest.mark.parametrize("option", ["--out-of-scope", "--html"])
def test_what_has_no_such_scores_is_refused(embedder, tmp_path, option):
    pairs = REFERENCE.parent / "pairs.tsv"
    (tmp_path / "other").write_text("It rains.\n", encoding="utf-8")
    target = tmp_path / ("other" if option == "--out-of-scope" else "p.html")
    result = run("evaluate", embedder, "--data", pairs, option, target)
    assert result.exit_code == 2
    assert "this file is for embed" in result.output
    assert not (tmp_path / "p.html").exists()


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


@pytest.fixture(scope="module")
def labelled(tmp_path_factory, classifier):
    """Data that the float32 classifier gets right throughout."""
    path = tmp_path_factory.mktemp("data") / "data.tsv"
    with load(classifier) as model:
        lines = [f"{text}\t{model(text).label}\n" for text in TEXTS]
    path.write_text("sentence\tlabel\n" + "".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def worse(tmp_path_factory, labelled):
    """A classifier with its labels turned round: it gets most of `labelled` wrong."""
    path = tmp_path_factory.mktemp("worse") / "worse.tflite"
    labels = path.with_name("labels.txt")
    labels.write_text("neutral\npositive\nnegative\n")
    source = REFERENCE / "hf_classifier_2x32"
    assert run("convert", source, "-o", path, "--labels", labels).exit_code == 0
    return path


def test_against_a_baseline(classifier, worse, labelled):
    arguments = ["evaluate", worse, "--data", labelled, "--against", classifier]
    result = run(*arguments, "--show-rows", 2, "--json")
    assert result.exit_code == 0, result.output
    outcome = json.loads(result.stdout)
    assert outcome["against"] == str(classifier)
    assert outcome["baseline"]["metrics"]["accuracy"] == 1
    assert outcome["model"]["metrics"]["accuracy"] == 0
    assert outcome["differences"]["accuracy"] == -1
    assert outcome["intervals"]["accuracy"] == [-1, -1]
    assert outcome["disagreements"] == 4
    first = outcome["shown"][0]
    assert first["text"] == TEXTS[0]
    assert first["expected"] == first["baseline"] != first["predicted"]
    assert len(outcome["shown"]) == 2
    shown = run(*arguments, "--show-rows", 1).stdout
    for word in ("they disagree on 4", "baseline", "-1.0000", TEXTS[0], "data.tsv, line 2"):
        assert word in shown


def test_the_gate_fails_with_exit_1(classifier, worse, labelled):
    result = run(
        "evaluate", worse, "--data", labelled, "--against", classifier, "--max-drop", "0.01"
    )
    assert result.exit_code == 1
    assert "accuracy is 0.0000, the baseline has 1.0000: worse by 1.0000, allowed" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "they disagree on 4" in result.stdout


def test_the_gate_lets_a_better_file_through(classifier, worse, labelled):
    arguments = ["--data", labelled, "--against", worse, "--max-drop", "0"]
    assert run("evaluate", classifier, *arguments).exit_code == 0
    assert run("evaluate", classifier, *arguments, "--metric", "macro_f1").exit_code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--max-drop", "0.1"], "need a baseline: add --against FILE"),
        (["--show-rows", "3"], "need a baseline: add --against FILE"),
        (["--metric", "accuracy"], "add --max-drop"),
        (["--against", "SAME", "--max-drop", "-1"], "max drop is -1.0; a number from 0 on is"),
        (["--against", "SAME", "--max-drop", "nan"], "max drop is nan"),
        (
            ["--against", "SAME", "--max-drop", "0", "--metric", "x"],
            "metric 'x' is unknown; this data has accuracy, macro_f1, matthews",
        ),
    ],
)
def test_wrong_options_of_the_gate(classifier, labelled, options, message):
    options = [classifier if option == "SAME" else option for option in options]
    result = run("evaluate", classifier, "--data", labelled, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_models_of_two_tasks_cannot_be_compared(classifier, embedder, labelled):
    result = run("evaluate", classifier, "--data", labelled, "--against", embedder)
    assert result.exit_code == 2
    assert "the model is for classify, the baseline for embed" in result.stderr
