"""A small real corpus: questions of BANKING77 as documents, and a vocabulary for them."""

import csv
from pathlib import Path

from edgebert.checkpoints.vocabulary import read_vocabulary
from edgebert.tokenizer.options import TokenizerOptions
from edgebert.tokenizer.tokenizer import Tokenizer
from edgebert.train.pretraining.corpus import read_corpus
from edgebert.train.pretraining.tokenised_corpus import TokenWriter

DATA = Path(__file__).parents[2] / "data"
VOCABULARY = read_vocabulary(DATA / "vocab" / "vocab.txt")


def questions(count):
    """Questions, one a line; those of an intent are a document."""
    found, intent = [], None
    with (DATA / "banking77" / "train.csv").open(encoding="utf-8") as file:
        for row in list(csv.DictReader(file))[:count]:
            if intent not in (None, row["category"]):
                found.append("")
            intent = row["category"]
            found.append(" ".join(row["text"].split()))
    return found


def write(path, count):
    path.write_text("".join(f"{line}\n" for line in questions(count)), encoding="utf-8")
    return path


def tokenizer(max_length=64):
    return Tokenizer(VOCABULARY, TokenizerOptions(max_length=max_length))


def tokens(folder, lines, max_length=64):
    """The lines as token ids on disk."""
    path = folder / "lines.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    writer = TokenWriter(folder / "ids", tokenizer(max_length), len(VOCABULARY))
    for line in read_corpus([path]):
        writer.add(line.text)
    return writer.finish({})
