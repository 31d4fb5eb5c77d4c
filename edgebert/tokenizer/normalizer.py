"""What is done to a text before a unigram tokenizer cuts it, and where each character came from.

The steps are those of Hugging Face's `tokenizers`, exactly; `map` is its `Precompiled`, the
character map of a SentencePiece model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from edgebert.tokenizer.clusters import clusters, is_mark
from edgebert.tokenizer.words import Traced

StepName: TypeAlias = Literal[
    "replace", "join_spaces", "nfkd", "nfd", "strip_accents", "lowercase", "nmt", "map"
]
Part: TypeAlias = tuple[int, int, str]
"""A stretch `[start, end)` of a text, and what becomes of it."""

_CHARACTERS_KEPT = 4096
_LONGEST_MAPPED = 5  # bytes; `tokenizers` maps longer clusters character by character

_NMT_DROPPED = frozenset([*range(0x1, 0x9), 0xB, *range(0xE, 0x20), 0x7F, 0x8F, 0x9F])
_NMT_SPACES = frozenset(
    [0x9, 0xA, 0xC, 0xD, 0x1680, *range(0x200B, 0x2010), 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD]
)


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: what it does.
        old: of `replace`: text that is replaced.
        new: of `replace`: what it becomes.
        table: of `map`: what texts become; of several that begin a cluster, the shortest counts.
    """

    name: StepName
    old: str = ""
    new: str = ""
    table: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Edit:
    """A step at work.

    Attributes:
        apply: the whole text at once.
        parts: the same in parts that do not depend on each other, in order, without gaps.
    """

    apply: Callable[[str], str]
    parts: Callable[[str], Iterable[Part]]


class Normalizer:
    """Applies steps one after another."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._edits = [_EDITS[step.name](step) for step in steps]

    def apply(self, text: str) -> str:
        """The normalised text."""
        for edit in self._edits:
            text = edit.apply(text)
        return text

    def trace(self, text: str) -> list[Traced]:
        """The characters of the normalised text, each with the stretch of the text it came from."""
        chars = [Traced(char, at, at + 1) for at, char in enumerate(text)]
        for edit in self._edits:
            chars = [
                Traced(char, chars[start].start, chars[end - 1].end)
                for start, end, new in edit.parts("".join(char for char, _, _ in chars))
                for char in new
            ]
        return chars


class _PerCharacter(dict[int, str]):
    """A table for `str.translate` that is filled as characters are met."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def __missing__(self, code: int) -> str:
        if len(self) >= _CHARACTERS_KEPT:
            self.clear()
        return self.setdefault(code, self._change(chr(code)))


def _per_character(change: Callable[[str], str]) -> _Edit:
    table = _PerCharacter(change)
    return _Edit(
        lambda text: text.translate(table),
        lambda text: ((at, at + 1, table[ord(char)]) for at, char in enumerate(text)),
    )


def _substitute(pattern: str, new: str) -> _Edit:
    compiled = re.compile(pattern)

    def parts(text: str) -> Iterator[Part]:
        done = 0
        for found in compiled.finditer(text):
            yield from ((at, at + 1, text[at]) for at in range(done, found.start()))
            done = found.end()
            yield found.start(), done, new
        yield from ((at, at + 1, text[at]) for at in range(done, len(text)))

    return _Edit(lambda text: compiled.sub(lambda _: new, text), parts)


def _decompose(form: Literal["NFD", "NFKD"]) -> _Edit:
    def parts(text: str) -> Iterator[Part]:
        start = 0
        for end in range(1, len(text) + 1):
            if end == len(text) or not _moves(text[end], form):
                yield start, end, unicodedata.normalize(form, text[start:end])
                start = end

    return _Edit(lambda text: unicodedata.normalize(form, text), parts)


def _moves(char: str, form: Literal["NFD", "NFKD"]) -> bool:
    """Whether normalisation may move marks of a character before what stands before it."""
    return unicodedata.combining(unicodedata.normalize(form, char)[0]) != 0


def _strip_accents(_: Step) -> _Edit:
    return _per_character(lambda char: "" if is_mark(char) else char)


def _nmt(_: Step) -> _Edit:
    def change(char: str) -> str:
        code = ord(char)
        return "" if code in _NMT_DROPPED else " " if code in _NMT_SPACES else char

    return _per_character(change)


def _map(step: Step) -> _Edit:
    table = step.table
    longest = max(map(len, table), default=0)
    single = _PerCharacter(lambda char: table.get(char, char))

    def mapped(cluster: str) -> str:
        if len(cluster) > 1 and len(cluster.encode()) <= _LONGEST_MAPPED:
            for size in range(1, min(longest, len(cluster)) + 1):
                if (found := table.get(cluster[:size])) is not None:
                    return found
        return cluster.translate(single)

    def parts(text: str) -> Iterator[Part]:
        for start, end in clusters(text):
            new = mapped(text[start:end])
            if new == text[start:end]:
                yield from ((at, at + 1, text[at]) for at in range(start, end))
            else:
                yield start, end, new

    def apply(text: str) -> str:
        if text.isascii() and "\r" not in text:  # each character is a cluster
            return text.translate(single)
        return "".join(mapped(text[start:end]) for start, end in clusters(text))

    return _Edit(apply, parts)


_EDITS: Mapping[str, Callable[[Step], _Edit]] = MappingProxyType(
    {
        "replace": lambda step: _substitute(re.escape(step.old), step.new),
        "join_spaces": lambda step: _substitute(" {2,}", " "),
        "nfkd": lambda step: _decompose("NFKD"),
        "nfd": lambda step: _decompose("NFD"),
        "strip_accents": _strip_accents,
        "lowercase": lambda step: _per_character(str.lower),
        "nmt": _nmt,
        "map": _map,
    }
)
