"""`edgebert pretrain` on the command line: what it is told, and what it refuses."""

import json

import pytest
from typer.testing import CliRunner

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from edgebert.cli.main import app
from tests.train.pretraining import text

runner = CliRunner()
VOCABULARY = str(text.DATA / "vocab" / "vocab.txt")


@pytest.fixture
def command(tmp_path):
    def arguments(*further):
        path = text.write(tmp_path / "a.txt", 60)
        quick = ["--epoch-steps", "1", "--epochs", "1", "--batch-size", "4", "--max-length", "32"]
        return ["pretrain", str(path), "-o", str(tmp_path / "out"), *quick, *further]

    return arguments


def test_it_tells_loss_and_entropy(command):
    result = runner.invoke(app, command("--size", "1/64", "--train-vocab", "400", "--json"))
    assert result.exit_code == 0, result.output
    metrics = json.loads(result.stdout)["metrics"]
    assert set(metrics) == {"mlm_loss", "mlm_accuracy", "unigram_entropy"}


@pytest.mark.parametrize(
    ("further", "said"),
    [
        ([], "what is to be trained? give --init CHECKPOINT, or --size"),
        (["--size", "1/64"], "with either --vocab FILE or --train-vocab 30522"),
        (["--size", "1/64", "--vocab", VOCABULARY, "--train-vocab", "500"], "with either --vocab"),
        (["--init", "tiny", "--size", "1/64"], "--init brings its own size and vocabulary"),
        (["--init", "tiny", "--cased"], "--init brings its own size and vocabulary"),
        (["--init", "nowhere"], "no such checkpoint"),
        (["--init", "nowhere", "--epochs", "0"], "epochs is 0"),
        (["--size", "1/64", "--vocab", "no.txt"], "no.txt: cannot read"),
        (["--size", "1/64", "--train-vocab", "9"], "vocabulary size 9: from 200"),
        (["--init", "tiny", "--packing", "loose"], "accepted: full-sentences, sentence-pairs"),
        (["--init", "tiny", "--mask-share", "2"], "between 0 and 1"),
    ],
)
def test_wrong_input_is_one_line(command, further, said):
    result = runner.invoke(app, command(*further))
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
