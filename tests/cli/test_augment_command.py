"""`edgebert augment` on the command line; it needs no TensorFlow."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgebert.checkpoints.writing.hugging_face import write_hugging_face
from edgebert.cli.main import app
from edgebert.converter.convert import convert
from edgebert.train.initialisation import with_task_heads
from tests.train import words

runner = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint with a masked language model, the same converted, and texts."""
    path = tmp_path_factory.mktemp("augment")
    write_hugging_face(with_task_heads(words.checkpoint(), "fill-mask", (), 1, None), path / "tiny")
    convert(path / "tiny", path / "tiny.tflite", quantize="float32")
    texts = [text for text, _ in words.sentences(20, 3)]
    (path / "texts.txt").write_text("".join(f"{text}\n" for text in texts))
    return path


def run(folder, *further):
    return runner.invoke(app, ["augment", str(folder / "texts.txt"), *map(str, further)])


def test_texts_become_more_texts_by_either_method(folder, tmp_path):
    for method in ("masked", "neighbours"):
        output = tmp_path / f"{method}.txt"
        result = run(folder, "--model", folder / "tiny", "--method", method, "-o", output)
        assert result.exit_code == 0, result.output
        assert f"new texts from 20 ({method})" in result.stdout
        assert len(output.read_text().splitlines()) > 40


def test_a_converted_model_and_a_checkpoint_find_the_same_words(folder, tmp_path):
    for model in ("tiny", "tiny.tflite"):
        output = tmp_path / f"{model}.txt"
        result = run(folder, "--model", folder / model, "-o", output, "--json")
        report = json.loads(result.stdout)
        assert report["method"] == "masked"
        assert report["new"] == len(output.read_text().splitlines())
    assert (tmp_path / "tiny.txt").read_bytes() == (tmp_path / "tiny.tflite.txt").read_bytes()


def test_an_input_is_never_the_output(folder):
    before = (folder / "texts.txt").read_text()
    result = run(folder, "--model", folder / "tiny", "-o", folder / "texts.txt", "--force")
    assert result.exit_code == 2
    assert "texts.txt: is an input; choose another name for the output" in result.stderr
    assert (folder / "texts.txt").read_text() == before


@pytest.mark.parametrize(
    ("further", "said"),
    [
        (["--model", "nowhere"], "no such checkpoint"),
        (["--times", "0"], "times is 0"),
        (["--method", "guess"], "method is 'guess'; accepted: masked, neighbours"),
        (["-o", "no/such/more.txt"], "no such folder"),
        (["missing.txt"], "missing.txt: cannot read"),
    ],
)
def test_wrong_input_is_one_line(folder, tmp_path, further, said):
    usual = ["--model", str(folder / "tiny"), "-o", str(tmp_path / "more.txt")]
    result = run(folder, *usual, *further)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path(tmp_path / "more.txt").exists()
