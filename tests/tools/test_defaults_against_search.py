"""The defaults against a search, on a model of a few words."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from tests.train import words
from tools.studies import defaults_against_search as study


def test_every_run_is_judged_on_the_test_data_and_the_best_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(study, "RATES", (1.0, 3.0))
    monkeypatch.setattr(study, "EPOCHS", (0.5, 1.0))
    write_hugging_face(words.checkpoint(), tmp_path / "model")
    train = words.write_classify(tmp_path / "train.tsv", 100)
    test = words.write_classify(tmp_path / "test.tsv", 60, seed=9)
    given = [str(tmp_path / "model"), "--size", "1/8", "--train", str(train), "--test", str(test)]
    output = tmp_path / "out"
    given += ["-o", str(output)]
    monkeypatch.setattr("sys.argv", ["study", *given, "--a-label", "4", "--max-length", "32"])
    assert study.main() == 0
    *runs, last = capsys.readouterr().out.splitlines()
    assert len(runs) == 4
    assert runs[0].startswith("40 epochs, rate 0.0003: ")
    assert {line.partition(",")[0] for line in runs} == {"20 epochs", "40 epochs"}
    figures = [float(line.rpartition(" ")[2]) for line in runs]
    assert last.startswith(f"seed 1: default {figures[0]:.4f}, best {max(figures):.4f} at rate")
    assert len((output / "train.csv").read_text().splitlines()) == 9
