"""Plain text to a masked language model, killed or not."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

import edgebert
from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.vocabulary import read_vocabulary
from edgebert.converter import reference
from edgebert.converter.head import Head
from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.curves import read_runs
from edgebert.train.dropout import NO_DROPOUT
from edgebert.train.initialisation import with_task_heads
from edgebert.train.network import Network
from edgebert.train.pretraining.inputs import IS_RANDOM_NEXT, InputOptions
from edgebert.train.pretraining.new_model import NewModel
from edgebert.train.pretraining.objective import PretrainObjective
from edgebert.train.pretraining.pretrain import Corpus, pretrain
from edgebert.train.settings import Settings
from edgebert.train.state import read_state
from tests.train import words, workers
from tests.train.pretraining import text

ROOT = Path(__file__).parents[3]
QUICK = Settings(epochs=1, batch_size=16, learning_rate=5e-3, dropout=0.0, log_every=1)
SMALL = NewModel("1/64", 600)


def test_the_loss_falls_below_the_entropy_of_the_corpus_and_keeps_falling(tmp_path):
    path = text.write(tmp_path / "questions.txt", 2000)
    settings = replace(QUICK, epochs=12, batch_size=32, log_every=5)
    corpus = Corpus((path,), held_out=0.05)
    report = pretrain(SMALL, corpus, tmp_path / "out", (settings,), max_length=32)
    (run,) = read_runs(tmp_path / "out")
    losses = [value for _, value in run.curves["dev_mlm_loss"]]
    entropy = run.curves["dev_unigram_entropy"][0][1]
    first_step, middle, last = run.curves["loss"][0][1], losses[len(losses) // 2], losses[-1]
    assert first_step > entropy > middle > last
    assert last < entropy - 0.1
    accuracies = [value for _, value in run.curves["dev_mlm_accuracy"]]
    assert accuracies[-1] > accuracies[0]
    assert report.metrics["mlm_loss"] == pytest.approx(min(losses))

    found = open_folder(tmp_path / "out")
    assert (found.task, found.heads, found.tokenizer.max_length) == ("fill-mask", ("mlm",), 32)
    edgebert.convert(tmp_path / "out", tmp_path / "mine.tflite")
    with edgebert.load(tmp_path / "mine.tflite") as model:
        fills = model("what is the [MASK] rate ?", top=20)
    assert len(fills) == 20


def test_text_that_is_held_out_is_not_learned_from(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{each}\n" for each, _ in words.sentences(300, 3)))
    corpus = Corpus((path,), held_out=0.2, epoch_steps=1)
    pretrain(words.checkpoint(), corpus, tmp_path / "out", (QUICK,))
    lines = [
        np.fromfile(tmp_path / "out" / "corpus" / name / "lines.bin", np.int64)
        for name in ("learned", "held-out")
    ]
    assert sum(map(len, lines)) == 300
    assert 0.15 < len(lines[1]) / 300 < 0.25


def state(folder):
    (run,) = (folder / "runs").iterdir()
    return read_state(run / "state.safetensors")


def command(tmp_path, output, *extra_arrays):
    options = {
        "--vocab": text.DATA / "vocab" / "vocab.txt",
        "--size": "1/64",
        "--epochs": 4,
        "--epoch-steps": 8,
        "--batch-size": 8,
        "--max-length": 32,
        "--save-every": 1,
    }
    given = [str(each) for pair in options.items() for each in pair]
    return [
        *(sys.executable, "-m", "edgebert", "pretrain", str(tmp_path / "a.txt")),
        *(*given, "-o", str(output), *extra_arrays),
    ]


def test_killed_it_ends_with_the_same_weights(tmp_path):
    text.write(tmp_path / "a.txt", 300)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command(tmp_path, tmp_path / "whole"), check=True, env=environment)
    child = subprocess.Popen(command(tmp_path, tmp_path / "out"), env=environment)
    while not list((tmp_path / "out").glob("runs/*/state.safetensors")):
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    mark, _ = state(tmp_path / "out")
    assert 0 < mark.step < 32
    subprocess.run(command(tmp_path, tmp_path / "out", "--resume"), check=True, env=environment)
    (one_mark, one), (other_mark, other) = state(tmp_path / "whole"), state(tmp_path / "out")
    assert one_mark == other_mark
    assert all(np.array_equal(one[name], other[name]) for name in one)


def losses(folder):
    """Of logged steps, and of every epoch on held-out text."""
    (run,) = read_runs(folder)
    return [value for name in ("loss", "dev_mlm_loss") for _, value in run.curves[name]]


def test_two_workers_train_as_one_does(tmp_path):
    text.write(tmp_path / "a.txt", 300)
    one, two = tmp_path / "one", tmp_path / "two"
    # Two parts on one device are one part on each of two, dropout included.
    subprocess.run(command(tmp_path, one, "--accumulate", "2"), check=True, cwd=ROOT)
    worker = command(tmp_path, two)[2:]
    workers.run(worker, worker)
    assert len(losses(one)) >= 3 + 4
    assert losses(two) == pytest.approx(losses(one), rel=1e-4)
    folders = (one / "corpus", two / "corpus", two / "corpus-1")
    read = [folder / "learned" / "tokens.bin" for folder in folders]
    assert len({path.read_bytes() for path in read}) == 1
    (_, expected), (_, found) = state(one), state(two)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=2e-4, rtol=0, err_msg=name)


def test_a_checkpoint_goes_on_with_sentence_pairs(tmp_path):
    path = tmp_path / "a.txt"
    sentences = [each for each, _ in words.sentences(900, 3)]
    path.write_text("".join(f"{line}\n" + "\n" * (n % 9 == 0) for n, line in enumerate(sentences)))
    source = words.checkpoint(2)
    options = InputOptions("sentence-pairs")
    corpus = Corpus((path,), held_out=0.2, options=options, epoch_steps=2)
    report = pretrain(source, corpus, tmp_path / "out", (QUICK,))
    assert 0 < report.metrics["next_sentence_accuracy"] < 1
    found = open_folder(tmp_path / "out")
    assert found.heads == ("pooler", "mlm", "nsp")
    assert found.vocabulary == source.vocabulary
    start = with_task_heads(
        source, "fill-mask", (), QUICK.seed, None, extra_heads=("pooler", "nsp")
    )
    assert all(np.abs(found.weights[n] - start.weights[n]).max() < 0.05 for n in start.weights)
    assert any((found.weights[name] != start.weights[name]).any() for name in ("nsp.weight",))
    again = pretrain(found, corpus, tmp_path / "more", (QUICK,))
    assert again.metrics["mlm_loss"] < report.metrics["mlm_loss"] + 0.1


def test_the_loss_is_that_of_the_plain_forward():
    start = with_task_heads(
        words.checkpoint(2), "fill-mask", (), 1, None, extra_heads=("pooler", "nsp")
    )
    network = Network(start.config, start.weights)
    batch = {
        "ids": [[2, 4, 6, 3, 8, 3], [2, 9, 4, 3, 0, 0]],
        "mask": [[1] * 6, [1] * 4 + [0] * 2],
        "segment_ids": [[0, 0, 0, 0, 1, 1], [0] * 6],
        "positions": [[1, 4], [2, 0]],
        "target": [[7, 8], [10, -1]],
        IS_RANDOM_NEXT: [1, 0],
    }
    tensors = {name: tf.constant(value, tf.int32) for name, value in batch.items()}
    as_classifier = {n.replace("nsp.", "classifier."): w for n, w in start.weights.items()}
    words_lost, order_lost = [], []
    for row, length in enumerate((6, 4)):
        ids, segments = batch["ids"][row][:length], batch["segment_ids"][row][:length]
        logits = reference.output(start.weights, start.config, Head("fill-mask"), ids, segments)[0]
        for place, right in zip(batch["positions"][row], batch["target"][row], strict=True):
            if right >= 0:
                words_lost.append(np.log(np.exp(logits[place]).sum()) - logits[place][right])
        shares = reference.output(as_classifier, start.config, Head("classify"), ids, segments)[0]
        order_lost.append(-np.log(shares[batch[IS_RANDOM_NEXT][row]]))
    found = PretrainObjective()(network, tensors, NO_DROPOUT)
    assert float(found) == pytest.approx(np.mean(words_lost) + np.mean(order_lost), rel=1e-5)
    del tensors[IS_RANDOM_NEXT]
    alone = PretrainObjective()(network, tensors, NO_DROPOUT)
    assert float(alone) == pytest.approx(np.mean(words_lost), rel=1e-5)


def wrong(tmp_path, message, source=SMALL, corpus=None, settings=QUICK, **options):
    corpus = corpus or Corpus((text.write(tmp_path / "fine.txt", 100),))
    with pytest.raises(EdgebertError, match=message) as caught:
        pretrain(source, corpus, tmp_path / "out", (settings,), **options)
    assert "\n" not in str(caught.value)


def test_wrong_input_is_one_line(tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("\n\n")
    wrong(tmp_path, "no text to train a vocabulary on", corpus=Corpus((empty,)))
    pieces = [each for each in text.VOCABULARY if each != "[MASK]"]
    unmasked = tmp_path / "unmasked.txt"
    unmasked.write_text("".join(f"{piece}\n" for piece in pieces))
    wrong(
        tmp_path,
        r"unmasked.txt: the vocabulary lacks \[MASK\]",
        source=NewModel("1/64", unmasked),
    )
    given = NewModel("1/64", text.DATA / "vocab" / "vocab.txt")
    assert len(read_vocabulary(given.vocabulary)) == 30_522
    wrong(tmp_path, "empty.txt: has no text to learn from", source=given, corpus=Corpus((empty,)))
    fine = text.write(tmp_path / "fine.txt", 40)
    wrong(
        tmp_path,
        r"empty.txt: has no text to judge by .* give --dev a file",
        source=given,
        corpus=Corpus((fine,), dev=empty),
    )
    wrong(tmp_path, "fewer than a batch of 4096", settings=replace(QUICK, batch_size=4096))
    wrong(tmp_path, "qat is for fine-tuning", settings=replace(QUICK, qat="int8"))
    wrong(tmp_path, "layers and width are needed", source=NewModel("large", 600))
    for length in (0, 4):
        wrong(tmp_path, "takes 8 to 512 tokens", max_length=length)
    with pytest.raises(EdgebertError, match="a number between 0 and 1"):
        Corpus((fine,), held_out=1.5)
    with pytest.raises(EdgebertError, match="at least 1 is needed"):
        Corpus((fine,), epoch_steps=0)


@pytest.mark.parametrize("dev", ["\n\n", "漢字 漢字\n"])
def test_an_empty_dev_file_is_refused_again_when_the_corpus_is_read_already(tmp_path, dev):
    (tmp_path / "dev.txt").write_text(dev)
    small = tmp_path / "vocab.txt"
    small.write_text("".join(f"{piece}\n" for piece in words.VOCABULARY))
    lines = [f"{each}\n" for each, _ in words.sentences(200, 3)]
    (tmp_path / "a.txt").write_text("".join(lines))
    corpus = Corpus((tmp_path / "a.txt",), dev=tmp_path / "dev.txt")
    for _ in range(2):
        wrong(
            tmp_path,
            "dev.txt: has no text to judge by",
            source=NewModel("1/64", small),
            corpus=corpus,
            max_length=16,
        )
