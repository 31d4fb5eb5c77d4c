"""What models are given: real texts, or a text of an exact number of tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from edgebert.benchmarking.result import Input
from edgebert.data import read_lines
from edgebert.errors import EdgebertError
from edgebert.model_file.read import ModelFile
from edgebert.text_files import read_text
from edgebert.tokenizer.special import MASK
from edgebert.tokenizer.tokenizer import Tokenizer

Text: TypeAlias = tuple[str, str | None]
"""A text and its pair."""

SHIPPED = "questions"
MOST_TEXTS = 100

_CONTEXT_LINES = 6
_SHORTEST = 8
_QUESTION_WORDS = 4


@dataclass(frozen=True)
class Texts:
    """A set of texts, drawn evenly from a file.

    Attributes:
        name: of the file, without its ending.
        context: what a question is asked about where its line names nothing.
    """

    name: str
    lines: tuple[Text, ...]
    context: str | None = None

    def input(self) -> Input:
        """How the report names it."""
        return Input("texts", name=self.name, count=len(self.lines))

    def of(self, file: ModelFile) -> list[Text]:
        """The texts as a model takes them."""
        adapt = _ADAPT.get(file.record.task)
        return [adapt(self, text) if adapt else text for text in self.lines]


@dataclass(frozen=True)
class Length:
    """One text of an exact number of tokens, special ones included."""

    tokens: int

    def input(self) -> Input:
        """How the report names it."""
        return Input("length", tokens=self.tokens)

    def of(self, file: ModelFile) -> list[Text]:
        """The text for the vocabulary of a model.

        Raises:
            EdgebertError: the model takes no text of this length.
        """
        if not _SHORTEST <= self.tokens <= file.record.max_length:
            raise EdgebertError(
                f"length {self.tokens}: {file.path.name} is measured at "
                f"{_SHORTEST} to {file.record.max_length} tokens"
            )
        words = cycle(_single_pieces(file.tokenizer()))
        if file.record.task == "answer":
            question = " ".join(islice(words, _QUESTION_WORDS))
            return [(question, " ".join(islice(words, self.tokens - 3 - _QUESTION_WORDS)))]
        if file.record.task == "fill-mask":
            return [(" ".join([*islice(words, self.tokens - 3), MASK]), None)]
        return [(" ".join(islice(words, self.tokens - 2)), None)]


def read_texts(path: Path | None) -> Texts:
    """Texts of a file, or those that ship with edgebert.

    Args:
        path: UTF-8, one text a line, or text, tab and pair.

    Raises:
        EdgebertError: the file cannot be read, is no text, or holds none.
    """
    if path is None:
        lines = read_lines(f"{SHIPPED}.txt")
        return Texts(SHIPPED, _drawn(lines), " ".join(lines[:_CONTEXT_LINES]))
    content = read_text(path, too_large="give fewer texts")
    lines = [line for line in content.splitlines() if line.strip()]
    if not lines:
        raise EdgebertError(f"{path}: holds no text")
    return Texts(path.stem, _drawn(lines))


def _drawn(lines: Sequence[str]) -> tuple[Text, ...]:
    """At most `MOST_TEXTS` of them, evenly spread."""
    count = min(len(lines), MOST_TEXTS)
    parts = (lines[number * len(lines) // count].partition("\t") for number in range(count))
    return tuple((text, pair if tab else None) for text, tab, pair in parts)


def _with_context(texts: Texts, text: Text) -> Text:
    return text[0], texts.context if text[1] is None else text[1]


def _with_mask(texts: Texts, text: Text) -> Text:
    """Its last word is asked for."""
    return (text[0] if MASK in text[0] else " ".join([*text[0].split()[:-1], MASK])), None


_ADAPT: Mapping[str, Callable[[Texts, Text], Text]] = MappingProxyType(
    {"answer": _with_context, "fill-mask": _with_mask}
)


def _single_pieces(tokenizer: Tokenizer) -> list[str]:
    """Words of the shipped texts that are one token each."""
    words = dict.fromkeys(word for line in read_lines(f"{SHIPPED}.txt") for word in line.split())
    found = [word for word in words if word.isalpha() and len(tokenizer.ids(word)) == 1]
    if not found:
        raise EdgebertError("lengths: the vocabulary has no English word to make texts of")
    return found
