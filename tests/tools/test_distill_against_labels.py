"""Distillation against labels alone, on a model of a few words."""

import json

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.sources import open_checkpoint
from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.train.initialisation import with_task_heads
from tests.train import words
from tools.studies import distill_against_labels as study


@pytest.fixture
def arguments(tmp_path):
    """Of a small run on four rows of each label, but for the model."""
    splits = [
        f"--{split}={words.write_classify(tmp_path / f'{split}.tsv', count, seed=count)}"
        for split, count in (("train", 100), ("dev", 50), ("test", 60))
    ]
    more = ["--size", "1/8", "--a-label", "4", "--max-length", "32"]
    return [*splits, *more, "-o", str(tmp_path / "out")]


def test_teacher_and_both_students_learn_the_same_rows(arguments, tmp_path, capsys):
    write_hugging_face(words.checkpoint(), tmp_path / "model")
    assert study.main([str(tmp_path / "model"), *arguments]) == 0
    first = capsys.readouterr().out
    figures = json.loads(first)
    assert list(figures) == ["seed", "teacher", "labels", "distilled"]
    assert all(0 <= figures[name] <= 1 for name in study.MODELS)
    folder = tmp_path / "out" / "seed-1"
    assert len((folder / "train.jsonl").read_text().splitlines()) == 8
    sizes = {}
    for name in study.MODELS:
        with open_checkpoint(folder / name) as model:
            sizes[name] = model.config.num_hidden_layers, model.config.hidden_size
    assert sizes["labels"] == sizes["distilled"] == (1, 8) != sizes["teacher"]
    assert study.main([str(tmp_path / "model"), *arguments]) == 0  # nothing is run again
    assert capsys.readouterr().out == first


def test_an_embedder_teaches_as_it_is(arguments, tmp_path, capsys):
    embedder = with_task_heads(words.checkpoint(3), "embed", (), 1, None)
    write_hugging_face(embedder, tmp_path / "model")
    assert study.main([str(tmp_path / "model"), *arguments, "--probe"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["seed", "labels", "distilled"]
    found = json.loads((tmp_path / "out/seed-1/distilled/teacher/scores.json").read_text())
    assert found["teacher"].startswith("sha256")
