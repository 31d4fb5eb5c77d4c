"""A tiny checkpoint over a few words, and labelled data in every format, that runs can learn."""

import json

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.train.initialisation import random_encoder

PRAISE, BLAME = ("good", "fine", "great"), ("bad", "poor", "awful")
FILLERS = ("the", "a", "film", "was", "very", "plot", "and", "actor")
NAMES = ("paris", "london", "bob", "ann")
WORDS = (*PRAISE, *BLAME, *FILLERS, *NAMES)
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, ".", "##s")
CONFIG = BertConfig(
    vocab_size=len(VOCABULARY),
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    max_position_embeddings=32,
)


def checkpoint(seed=1, config=CONFIG, vocabulary=VOCABULARY):
    weights = {
        name: array if array.ndim == 1 else 5 * array  # to learn in few steps
        for name, array in random_encoder(config, seed).items()
    }
    return Checkpoint(
        config, weights, vocabulary, TokenizerOptions(max_length=32), source="words", format="test"
    )


def sentences(count, seed):
    """Sentences with 1 where they praise, 0 where they do not."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        praise = int(random.integers(2))
        words = list(random.choice(FILLERS, int(random.integers(2, 7))))
        words[int(random.integers(len(words)))] = str(random.choice((BLAME, PRAISE)[praise]))
        yield " ".join(words), praise


def write_classify(path, count=480, seed=1, names=("negative", "positive")):
    rows = [f"{text}\t{names[praise]}" for text, praise in sentences(count, seed)]
    path.write_text("\n".join(["text\tlabel", *rows]) + "\n")
    return path


def several(count, seed):
    """Sentences with some of two labels, or none: whether they praise, whether they name."""
    random = np.random.default_rng(seed + 50)
    for text, praise in sentences(count, seed):
        names = bool(random.integers(2))
        words = [*text.split(), *([str(random.choice(NAMES))] if names else [])]
        random.shuffle(words)
        labels = [name for name, is_so in (("names", names), ("praise", praise)) if is_so]
        yield " ".join(words), labels


def write_several(path, count=480, seed=1):
    rows = [f"{text}\t{'|'.join(labels)}" for text, labels in several(count, seed)]
    path.write_text("\n".join(["text\tlabels", *rows]) + "\n")
    return path


def write_regress(path, count=480, seed=1):
    return write_classify(path, count, seed, names=("0.5", "4.5"))


def write_pairs(path, count=480, seed=1):
    both = zip(sentences(count, seed), sentences(count, seed + 100), strict=True)
    rows = [f"{one}\t{other}\t{5.0 if a == b else 0.0}" for (one, a), (other, b) in both]
    path.write_text("\n".join(["sentence1\tsentence2\tscore", *rows]) + "\n")
    return path


def write_queries(path, count=480, seed=1):
    rows = [
        f"{text}\tvery {('bad', 'good')[praise]} film" for text, praise in sentences(count, seed)
    ]
    path.write_text("\n".join(["query\tpositive", *rows]) + "\n")
    return path


def write_tags(path, count=480, seed=1):
    random = np.random.default_rng(seed)
    tags = {"paris": "B-LOC", "london": "B-LOC", "bob": "B-PER", "ann": "B-PER"}
    lines = []
    for text, _ in sentences(count, seed):
        words = [*text.split(), str(random.choice([*tags]))]
        random.shuffle(words)
        lines += [f"{word} {tags.get(word, 'O')}" for word in words] + [""]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_answers(path, count=480, seed=1):
    """The answer is the place that the context names."""
    random = np.random.default_rng(seed)
    paragraphs = []
    for number, (text, _) in enumerate(sentences(count, seed)):
        words = [*text.split(), str(random.choice(["paris", "london"]))]
        random.shuffle(words)
        context = " ".join(words)
        answer = next(word for word in words if word in ("paris", "london"))
        answers = [{"text": answer, "answer_start": context.index(answer)}]
        qas = [{"id": str(number), "question": "the film", "answers": answers}]
        paragraphs.append({"context": context, "qas": qas})
    path.write_text(json.dumps({"version": "1.1", "data": [{"paragraphs": paragraphs}]}))
    return path


WRITERS = {
    "classify": write_classify,
    "regress": write_regress,
    "tag": write_tags,
    "answer": write_answers,
    "embed": write_pairs,
    "queries": write_queries,
    "several": write_several,
}
