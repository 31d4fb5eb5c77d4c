"""Teachers that say something of each word: its tag, or that an answer starts or ends there.

The losses are of a text: the mean over its tokens, and of an answer over its start and its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.evaluation.conll import Sentence
from edgebert.evaluation.evaluators.evaluator import unknown_label
from edgebert.evaluation.squad_file import Question
from edgebert.train.backend import tf
from edgebert.train.batching import IGNORE_INDEX, Example
from edgebert.train.distillation.soft_words import SoftWords, answer_scores, tag_scores
from edgebert.train.distillation.task import DistillationTask, Examples, TransferText
from edgebert.train.distillation.texts import hard_cross_entropy, soft_cross_entropy
from edgebert.train.finetuning.answer import answer_span, context_windows, window_target
from edgebert.train.finetuning.tag import tagged_example
from edgebert.train.finetuning.task import Labels
from edgebert.train.losses import FIRST, LAST

_LEAST = 1e-30
_PADDING = -1e9


def _soft_tags(logits: Any, scores: Any, temperature: float) -> Any:
    losses = soft_cross_entropy(logits, tf.math.log(tf.maximum(scores, _LEAST)), temperature)
    return _mean_over_tokens(losses, tf.reduce_sum(scores, axis=-1) > 0)


def _hard_tags(logits: Any, target: Any) -> tuple[Any, Any]:
    losses, known = hard_cross_entropy(logits, target)
    return _mean_over_tokens(losses, known), tf.reduce_any(known, axis=1)


def _mean_over_tokens(losses: Any, counted: Any) -> Any:
    weights = tf.cast(counted, tf.float32)
    return tf.reduce_sum(losses * weights, axis=1) / tf.maximum(tf.reduce_sum(weights, axis=1), 1.0)


def _soft_answer(logits: Any, scores: Any, temperature: float) -> Any:
    padding = tf.where(scores < 0, _PADDING, 0.0)
    known = tf.math.log(tf.maximum(scores, _LEAST))
    softened = tf.nn.softmax(known / temperature + padding, axis=1)
    found = tf.nn.log_softmax(logits / temperature + padding, axis=1)
    losses = -(temperature**2) * tf.reduce_sum(softened * found, axis=1)
    return tf.reduce_mean(losses, axis=-1)


def _hard_answer(logits: Any, target: Any) -> tuple[Any, Any]:
    is_padding = tf.equal(target, IGNORE_INDEX)[:, :, None]
    found = tf.nn.log_softmax(logits + tf.where(is_padding, _PADDING, 0.0), axis=1)
    marks = tf.bitwise.bitwise_and(tf.maximum(target, 0)[:, :, None], [[[FIRST, LAST]]]) > 0
    losses = -tf.reduce_sum(found * tf.cast(marks, tf.float32), axis=1)
    return tf.reduce_mean(losses, axis=-1), tf.reduce_any(marks, axis=(1, 2))


def _known_tags(sentence: Sentence, labels: Labels) -> Sentence:
    for tag in sentence.tags:
        if tag not in labels:
            raise unknown_label(sentence.place, tag, labels)
    return sentence


def _tag_examples(
    texts: Sequence[TransferText], said: Sequence[SoftWords], start: Checkpoint
) -> Examples:
    tokenizer, labels = start.make_tokenizer(), start.labels or ()
    numbers = {label: number for number, label in enumerate(labels)}
    examples, rows = [], []
    for (text, sentence, is_labelled), words in zip(texts, said, strict=True):
        if is_labelled:
            examples.append(tagged_example(sentence, tokenizer, numbers))
        else:
            encoding = tokenizer.encode(text.text)
            examples.append(Example((encoding,), [IGNORE_INDEX] * encoding.length))
        rows.append(tag_scores(text.text, words, labels, tokenizer))
    return examples, rows


def _answer_examples(
    texts: Sequence[TransferText], said: Sequence[SoftWords], start: Checkpoint
) -> Examples:
    tokenizer = start.make_tokenizer()
    examples, rows = [], []
    for (text, question, is_labelled), words in zip(texts, said, strict=True):
        context = text.pair or ""
        offsets = tokenizer.offsets(context)
        span = answer_span(question, tokenizer) if is_labelled else None
        for window in context_windows(text.text, context, tokenizer):
            target = [0] * window.encoding.length
            if is_labelled:
                target = window_target(window, span)
            examples.append(Example((window.encoding,), target))
            rows.append(answer_scores(window, words, offsets))
    return examples, rows


def _question(question: Question, labels: Labels) -> Question:
    return question


TAG = DistillationTask(
    soft_loss=_soft_tags,
    hard_loss=_hard_tags,
    target=_known_tags,
    no_target=lambda labels: None,
    width=None,
    examples=_tag_examples,
)
ANSWER = DistillationTask(
    soft_loss=_soft_answer,
    hard_loss=_hard_answer,
    target=_question,
    no_target=lambda labels: None,
    width=None,
    examples=_answer_examples,
)
