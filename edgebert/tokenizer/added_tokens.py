"""Texts that are one token wherever they stand in a text, before and after it is normalised.

The rules are those of Hugging Face's `tokenizers` (`added_vocabulary.rs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from edgebert.errors import EdgebertError
from edgebert.tokenizer.added_token import AddedToken
from edgebert.tokenizer.characters import WHITE_SPACE, is_word
from edgebert.tokenizer.words import Traced

Stretch: TypeAlias = tuple[int, int, int | None]
"""Where a stretch of a text begins and ends, and the id of its added token (None: it is none)."""

_SPACE = re.compile(f"[{WHITE_SPACE}]")


class Cutter(Protocol):
    """What cuts texts into pieces."""

    def ids(self, text: str) -> list[int]:
        """The pieces of a text."""

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where each of `ids` stands in the text."""

    def normalize(self, text: str) -> str:
        """A text as pieces are looked for in it."""

    def trace(self, text: str) -> list[Traced]:
        """The characters of `normalize`, each with the stretch of the text it came from."""

    def ids_of_normal(self, normal: str) -> list[int]:
        """The pieces of a part of a normalised text."""

    def offsets_of_normal(self, normal: Sequence[Traced]) -> list[tuple[int, int]]:
        """Where each of `ids_of_normal` came from."""


class WithAddedTokens:
    """Cuts added tokens out of a text, and what is left of it into pieces.

    Those that are looked for in the text as it is given come first. In the rest, once normalised,
    the others are looked for, normalised like it.

    Args:
        cutter: for what is left.
        tokens: of two with the same text the first counts.

    Raises:
        EdgebertError: nothing is left of a token when it is normalised.
    """

    def __init__(self, cutter: Cutter, tokens: Iterable[AddedToken]) -> None:
        self._cutter = cutter
        every = list(tokens)
        self._given = _Finder((each.content, each) for each in every if not each.normalized)
        self._normal = _Finder(
            (cutter.normalize(each.content), each) for each in every if each.normalized
        )

    def ids(self, text: str) -> list[int]:
        """The added tokens and the pieces of a text."""
        ids: list[int] = []
        for start, end, token in self._given.stretches(text):
            if token is None:
                ids += self._rest_ids(text[start:end])
            else:
                ids.append(token)
        return ids

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where each of `ids` stands in the text; white space that a token takes is its own."""
        found: list[tuple[int, int]] = []
        for start, end, token in self._given.stretches(text):
            if token is None:
                rest = self._rest_offsets(text[start:end])
                found += [(start + first, start + last) for first, last in rest]
            else:
                found.append((start, end))
        return found

    def _rest_ids(self, text: str) -> list[int]:
        if not self._normal:
            return self._cutter.ids(text)
        normal = self._cutter.normalize(text)
        ids: list[int] = []
        for start, end, token in self._normal.stretches(normal):
            if token is None:
                ids += self._cutter.ids_of_normal(normal[start:end])
            else:
                ids.append(token)
        return ids

    def _rest_offsets(self, text: str) -> list[tuple[int, int]]:
        if not self._normal:
            return self._cutter.offsets(text)
        normal = self._cutter.trace(text)
        found: list[tuple[int, int]] = []
        for start, end, token in self._normal.stretches("".join(c.char for c in normal)):
            part = normal[start:end]
            if token is None:
                found += self._cutter.offsets_of_normal(part)
            else:
                found.append((min(c.start for c in part), max(c.end for c in part)))
        return found


class _Finder:
    """Finds tokens in a text: from the left, and of those that begin at one place the longest."""

    def __init__(self, tokens: Iterable[tuple[str, AddedToken]]) -> None:
        self._tokens: dict[str, AddedToken] = {}
        for content, token in tokens:
            if not content:
                raise EdgebertError(
                    f"added token {token.content!r}: no character of it is left in a text; "
                    "take it out of the tokenizer"
                )
            self._tokens.setdefault(content, token)
        longest_first = sorted(self._tokens, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def stretches(self, text: str) -> Iterator[Stretch]:
        """The whole text in stretches, none of them empty."""
        done = 0
        for found in self._pattern.finditer(text) if self._tokens else ():
            token = self._tokens[found[0]]
            start, end = found.span()
            if token.single_word and _is_inside_word(text, start, end):
                continue
            if token.lstrip:
                while start > done and _SPACE.match(text, start - 1):
                    start -= 1
            if token.rstrip:
                while _SPACE.match(text, end):
                    end += 1
            if done < start:
                yield done, start, None
            yield start, end, token.id
            done = end
        if done < len(text):
            yield done, len(text), None


def _is_inside_word(text: str, start: int, end: int) -> bool:
    before, behind = text[start - 1 : start], text[end : end + 1]
    return (before != "" and is_word(before)) or (behind != "" and is_word(behind))
