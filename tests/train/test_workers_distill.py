"""Two workers on the command line: each labels its share, and both train what one would."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.cli.main import app
from edgebert.train.initialisation import with_task_heads
from tests.train import words, workers

TEXTS = 61


def losses(folder):
    (metrics,) = folder.glob("runs/*/metrics.jsonl")
    lines = [json.loads(line) for line in metrics.open()]
    return [line["loss"] for line in lines if "loss" in line]


def test_two_workers_label_and_distill_what_one_does(tmp_path):
    teacher = with_task_heads(words.checkpoint(), "classify", ("no", "yes"), 1, None)
    write_hugging_face(teacher, tmp_path / "teacher")
    texts = dict.fromkeys(text for text, _ in words.sentences(3 * TEXTS, 3))
    lines = [*texts][:TEXTS]
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in lines))
    words.write_classify(tmp_path / "dev.tsv", count=20, seed=2)
    (tmp_path / "dev.tsv").write_text(
        (tmp_path / "dev.tsv").read_text().replace("negative", "no").replace("positive", "yes")
    )

    def command(out, *extra_arrays):
        paths = {"--teacher": "teacher", "--transfer": "texts.txt", "--dev": "dev.tsv", "-o": out}
        given = [word for name, path in paths.items() for word in (name, str(tmp_path / path))]
        settings = "--init teacher --student 1/8 --epochs 8 --batch-size 16 --dropout 0"
        return ["distill", *given, *settings.split(), *extra_arrays]

    result = CliRunner().invoke(app, [*command("one"), "--json"])
    assert result.exit_code == 0, result.output
    both = ["edgebert", *command("two")]
    (report, _), (nothing, said) = workers.run([*both, "--json"], both)
    assert json.loads(report)["metrics"] == json.loads(result.stdout)["metrics"]
    assert (nothing, said.splitlines()[-1]) == ("", "worker 1 of 2: done; worker 0 wrote the model")
    one, two = (tmp_path / name for name in ("one", "two"))
    assert len(losses(one)) >= 3
    assert losses(two) == pytest.approx(losses(one), rel=1e-4)
    labelled = [np.fromfile(out / "teacher" / "scores.f32", np.float32) for out in (one, two)]
    assert np.array_equal(*labelled)
    shares = ["teacher/scores-0-of-2.f32", "teacher-1/scores-1-of-2.f32"]
    assert [(two / share).stat().st_size // 8 for share in shares] == [
        TEXTS // 2,
        TEXTS - TEXTS // 2,
    ]
    found, expected = open_folder(two).weights, open_folder(one).weights
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=2e-4, rtol=0)
    # Labels that are there are used by all: without its shares, the second run asks for none.
    for share in shares:
        (two / share).unlink()
    again = ["edgebert", *command("two", "--epochs", "1", "--force", "--seed", "2")]
    workers.run(again, again)
    assert not any((two / share).exists() for share in shares)
