"""Special tokens around a text, or around a text and its pair, as a template says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from edgebert.errors import EdgebertError

Item = TypeVar("Item")
SegmentRule: TypeAlias = Literal["separator", "zero"]


@dataclass(frozen=True)
class TemplatePart:
    """A place in a template.

    Attributes:
        token: id of a special token; None: the text stands here, in a pair first the text, then
            its pair.
        segment: segment id of all tokens of the place.
    """

    token: int | None
    segment: int = 0


@dataclass(frozen=True)
class Template:
    """Where special tokens stand around a text, and around a text and its pair."""

    single: tuple[TemplatePart, ...]
    pair: tuple[TemplatePart, ...]


class Layout:
    """One half of a template: that of a text, or that of a text and its pair.

    Args:
        parts: the places.
        texts: how many of them are texts.
        vocab_size: ids are below it.

    Attributes:
        special: number of special tokens.

    Raises:
        EdgebertError: more or fewer texts, or an id or a segment out of range.
    """

    def __init__(self, parts: Sequence[TemplatePart], texts: int, vocab_size: int) -> None:
        self._parts = parts
        tokens = [part.token for part in parts if part.token is not None]
        self.special = len(tokens)
        if len(parts) != self.special + texts:
            raise EdgebertError(
                f"template: {len(parts) - self.special} places for {texts} of text; needed: as many"
            )
        if not all(0 <= token < vocab_size for token in tokens):
            raise EdgebertError(f"template: a special token is no id from 0 to {vocab_size - 1}")
        if not all(part.segment in (0, 1) for part in parts):
            raise EdgebertError("template: a segment is neither 0 nor 1")

    def fill(self, texts: Sequence[Sequence[Item]], special: Callable[[int], Item]) -> list[Item]:
        """What belongs to each token of the texts, and between that what belongs to the others.

        Args:
            texts: an item for each token of each text.
            special: gives the item of a special token.
        """
        waiting = iter(texts)
        filled: list[Item] = []
        for part in self._parts:
            filled += next(waiting) if part.token is None else [special(part.token)]
        return filled

    def segments(self, texts: Sequence[Sequence[object]]) -> list[int]:
        """The segment of each token."""
        waiting = iter(texts)
        found: list[int] = []
        for part in self._parts:
            found += [part.segment] * (1 if part.token is not None else len(next(waiting)))
        return found

    def start(self, before: int = 0) -> int:
        """Number of tokens before the last text; `before` of them are those of the other one."""
        behind = next(at for at, part in enumerate(reversed(self._parts)) if part.token is None)
        texts = len(self._parts) - self.special
        return before + len(self._parts) - 1 - behind - (texts - 1)


def bert_template(cls: int, sep: int) -> Template:
    """BERT's own: [CLS] text [SEP] pair [SEP], segment 1 behind the first [SEP]."""
    first = (TemplatePart(cls), TemplatePart(None), TemplatePart(sep))
    return Template(first, (*first, TemplatePart(None, 1), TemplatePart(sep, 1)))


def segments_from_ids(template: Template | None, sep: int) -> SegmentRule | None:
    """How segments follow from ids, if they do: 1 behind the first [SEP], or all 0."""
    if template is None:
        return "separator"
    halves = (template.single, template.pair)
    if all(part.segment == 0 for parts in halves for part in parts):
        return "zero"
    follows = all(
        part.segment == behind
        for parts in halves
        for part, behind in zip(parts, _behind(parts, sep), strict=True)
    )
    return "separator" if follows else None


def tokens_of(parts: Sequence[TemplatePart]) -> list[int | None]:
    """The places without their segments."""
    return [part.token for part in parts]


def _behind(parts: Sequence[TemplatePart], sep: int) -> Iterator[int]:
    """For each place, 1 where it stands behind the first [SEP]."""
    behind = 0
    for part in parts:
        yield behind
        behind = 1 if part.token == sep else behind
