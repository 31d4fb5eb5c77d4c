"""A new objective is one class and one row: training, checks, options and run folders follow."""

import json
import runpy

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.cli import distill as command
from edgebert.converter.head import Head
from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.batching import Example, collate
from edgebert.train.distillation.objective import TEACHER_SCORES, DistillationObjective
from edgebert.train.distillation.options import AUXILIARY_OBJECTIVES, DistillationOptions
from edgebert.train.dropout import NO_DROPOUT
from edgebert.train.initialisation import with_task_heads
from edgebert.train.losses import model_inputs
from edgebert.train.network import Network
from tests.train import words
from tests.train.toy_objective import ROW


@pytest.fixture(autouse=True)
def similarity(monkeypatch):
    monkeypatch.setitem(AUXILIARY_OBJECTIVES, "similarity", ROW)


def test_a_row_adds_a_weighted_term_to_the_loss():
    student = with_task_heads(words.checkpoint(), "classify", ("a", "b"), 1, None)
    network, head = Network(student.config, student.weights), Head("classify")
    tokenizer = student.make_tokenizer()
    texts = ["good film", "the plot was bad", "a very poor actor"]
    batch = collate([Example((tokenizer.encode(text),), 0) for text in texts])
    batch[TEACHER_SCORES] = np.float32([[0.1, 2.0], [1.0, -1.0], [0.3, 0.2]])
    tensors = {name: tf.constant(value) for name, value in batch.items()}
    without, added = (
        float(DistillationObjective(head, options, student.config)(network, tensors, NO_DROPOUT))
        for options in (DistillationOptions(), DistillationOptions(weights={"similarity": 3.0}))
    )
    logits = network.head(head, network(model_inputs(tensors))).numpy()
    unit = [
        rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for rows in (logits, batch[TEACHER_SCORES])
    ]
    expected = np.mean((unit[0] @ unit[0].T - unit[1] @ unit[1].T) ** 2)
    assert expected > 0.01
    assert added - without == pytest.approx(3 * expected, rel=1e-4)


def test_a_row_is_an_option_of_distill_and_an_entry_of_its_runs(tmp_path):
    """With a teacher that is a file: this objective reads no activations."""
    texts = [text for text, _ in words.sentences(40, 3)]
    scores = [{"text": text, "scores": {"no": 0.25, "yes": 0.75}} for text in texts]
    (tmp_path / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in scores))
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in texts))
    write_hugging_face(words.checkpoint(), tmp_path / "student")
    # The module as it is when the program starts with this row.
    app = typer.Typer()
    app.command()(runpy.run_path(command.__file__)["distill"])
    arguments = {
        "--teacher": tmp_path / "scores.jsonl",
        "--student": tmp_path / "student",
        "--transfer": tmp_path / "texts.txt",
        "--output": tmp_path / "out",
        "--epochs": 1,
        "--match-similarity": 0.5,
    }
    words_given = [str(word) for pair in arguments.items() for word in pair]
    result = CliRunner().invoke(app, words_given)
    assert result.exit_code == 0, result.output
    (config,) = (tmp_path / "out" / "runs").glob("*/config.json")
    weights = {"hidden": 0.0, "attention": 0.0, "similarity": 0.5}
    options = {"temperature": 1.0, "hard": 0.0, **weights}
    assert json.loads(config.read_text())["mix"] == options


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"similarity": -1.0}, "similarity is -1; a number from 0 to 10000 is needed"),
        ({"depth": 1.0}, "objective 'depth'; accepted: hidden, attention, similarity"),
    ],
)
def test_weights_are_checked_by_name_and_range(weights, said):
    with pytest.raises(EdgebertError, match=said):
        DistillationOptions(weights=weights)
