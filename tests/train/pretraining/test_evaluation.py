"""What is told of held-out text is what the plain forward pass gives."""

from dataclasses import replace

import numpy as np
import pytest

from edgebert.converter import reference
from edgebert.converter.head import Head
from edgebert.train.initialisation import with_task_heads
from edgebert.train.pretraining import evaluation as module
from edgebert.train.pretraining.evaluation import evaluate_mlm
from edgebert.train.pretraining.inputs import MaskedInputs
from edgebert.train.pretraining.masking import Masker, Masking
from edgebert.train.pretraining.tokenised_corpus import TokenisedCorpus
from tests.train import words


@pytest.fixture(scope="module")
def speaker():
    return with_task_heads(
        words.checkpoint(4), "fill-mask", (), 1, None, extra_heads=("pooler", "nsp")
    )


@pytest.fixture
def held_out(speaker):
    """Pairs of stretches of random words."""
    random = np.random.default_rng(1)
    ids = random.integers(5, len(words.VOCABULARY), 400)
    begins = random.integers(0, 380, (12, 2))
    rows = [[a, a + 9, b, b + 7, n % 2] for n, (a, b) in enumerate(begins)]
    nothing = np.zeros(1, np.int64)
    return MaskedInputs(
        TokenisedCorpus(ids, nothing, nothing, nothing),
        np.array(rows),
        speaker.make_tokenizer(),
        Masker(speaker.vocabulary, Masking(0.3, most=6)),
        max_length=32,
        slots=6,
        pairs=True,
    )


def test_loss_and_accuracies_are_those_of_the_plain_forward(speaker, held_out):
    losses, right, follows = [], [], []
    as_classifier = {n.replace("nsp.", "classifier."): w for n, w in speaker.weights.items()}
    for number, row in enumerate(held_out.rows):
        hidden, segments = held_out.one(number, (module._SEED, number))
        arguments = speaker.config, Head("fill-mask"), hidden.ids.tolist(), segments
        logits = reference.output(speaker.weights, *arguments)[0][hidden.positions]
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        losses += (-np.log(shares[np.arange(len(logits)), hidden.labels])).tolist()
        right += (logits.argmax(axis=1) == hidden.labels).tolist()
        arguments = speaker.config, Head("classify"), hidden.ids.tolist(), segments
        follows.append(reference.output(as_classifier, *arguments)[0].argmax() == row[-1])
    found = evaluate_mlm(speaker, held_out)
    assert found.metrics["mlm_loss"] == pytest.approx(np.mean(losses), rel=1e-4)
    assert found.metrics["mlm_accuracy"] == pytest.approx(np.mean(right))
    assert found.metrics["next_sentence_accuracy"] == pytest.approx(np.mean(follows))
    assert found.figure == -found.metrics["mlm_loss"]


def test_no_more_than_so_many_are_evaluated_from_all_over(speaker, held_out, monkeypatch):
    monkeypatch.setattr(module, "MAX_EVALUATED", 5)
    asked = []
    monkeypatch.setattr(
        MaskedInputs,
        "one",
        lambda self, number, seed, one=MaskedInputs.one: (
            asked.append(number) or one(self, number, seed)
        ),
    )
    evaluate_mlm(speaker, replace(held_out, pairs=False))
    assert asked == [0, 2, 5, 8, 11]
