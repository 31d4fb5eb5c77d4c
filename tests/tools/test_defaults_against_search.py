"""The defaults against a search, on a model of a few words."""

import json
from collections import Counter

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.dataset.samples import Sample
from edgebert.evaluation.readers import Row
from tests.train import words
from tools.studies import defaults_against_search as study


def test_every_run_is_judged_and_dev_chooses_the_best(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(study, "SEARCH", ((1.0, 0.5), (3.0, 1.0)))
    write_hugging_face(words.checkpoint(), tmp_path / "model")
    splits = [
        f"--{split}={words.write_classify(tmp_path / f'{split}.tsv', count, seed=count)}"
        for split, count in (("train", 100), ("dev", 50), ("test", 60))
    ]
    output = tmp_path / "found.jsonl"
    more = ["--size", "1/8", "--a-label", "4", "--max-length", "32", "-o", str(output)]
    monkeypatch.setattr("sys.argv", ["study", str(tmp_path / "model"), *splits, *more])
    assert study.main() == 0
    runs = [json.loads(line) for line in output.read_text().splitlines()]
    assert [run["trained"] for run in runs] == [
        "40 x 16, 0.0003",
        "20 x 16, 0.0003",
        "40 x 16, 0.0009",
    ]
    assert {run["rows"] for run in runs} == {8}
    last = capsys.readouterr().out.splitlines()[-1]
    best = max(runs, key=lambda run: run["dev"])
    assert last.startswith(f"default {runs[0]['test']:.4f} (")
    assert f"best {best['test']:.4f} at" in last
    assert study.main() == 0  # nothing is run again
    assert len(output.read_text().splitlines()) == len(runs)


def test_so_many_rows_of_each_label_are_drawn_with_a_seed():
    def row(label, *labels):
        return Sample("train", "", "", None, label, labels, Row("", None, label, ""))

    labelled = [row("a", "a")] * 9 + [row("b", "b")] * 2
    assert Counter(each.label for each in study.sample(labelled, 4, 1)) == {"a": 4, "b": 2}
    values = [row(f"{number / 10}") for number in range(50)]
    drawn = [[each.label for each in study.sample(values, 2, seed)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert Counter(round(float(label)) for label in drawn[0]) == dict.fromkeys(range(6), 2)
