"""Added tokens of a Hugging Face tokenizer: as files declare them, and what becomes of them.

A token may be declared several times, with other flags and ids. What counts is what the library
`tokenizers` makes of it, one declaration after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edgebert.errors import EdgebertError
from edgebert.text_files import as_object, shown
from edgebert.tokenizer.added_token import AddedToken

_FLAGS = ("lstrip", "rstrip", "single_word", "normalized", "special")


@dataclass(frozen=True)
class DeclaredToken:
    """An added token as a file declares it.

    Attributes:
        normalized: None: where it is not special.
        special: `skip_special_tokens` drops it, and `split_special_tokens` does not look for it.
    """

    content: str
    lstrip: bool = False
    rstrip: bool = False
    single_word: bool = False
    normalized: bool | None = None
    special: bool = False

    @property
    def in_normalized_text(self) -> bool:
        """Whether it is looked for in the normalised text."""
        return not self.special if self.normalized is None else self.normalized

    @property
    def resolved(self) -> DeclaredToken:
        """The same with `normalized` true or false, to compare it with others."""
        return replace(self, normalized=self.in_normalized_text)


def declared_token(raw: object, where: str, path: Path, *, special: bool = False) -> DeclaredToken:
    """A token from a text, or from an object with its flags.

    Args:
        raw: as the file has it.
        where: it stands in the file, for errors.
        path: the file, for errors.
        special: where the object does not say it, or it is a text.

    Raises:
        EdgebertError: neither, or a flag that is not known or is not true or false.
    """
    if isinstance(raw, str):
        return DeclaredToken(raw, special=special)
    entry = as_object(raw, where, path)
    unknown = sorted(entry.keys() - {"content", "id", "__type", *_FLAGS})
    if unknown or not isinstance(entry.get("content"), str):
        raise EdgebertError(
            f"{path}: {where} {shown(dict(entry))}; needed: content, a text, and of flags only "
            f"{', '.join(_FLAGS)}"
        )
    flags = {flag: entry[flag] for flag in _FLAGS if entry.get(flag) is not None}
    if not all(isinstance(value, bool) for value in flags.values()):
        raise EdgebertError(f"{path}: {where} {shown(dict(entry))}: a flag is not true or false")
    return DeclaredToken(entry["content"], **{"special": special, **flags})


class AddedVocabulary:
    """The added tokens of one tokenizer: `add` does what `tokenizers` 0.22 does.

    A token that the vocabulary has keeps its id; any other gets the next one, whatever id the file
    gives it. A later declaration of a text changes the flags of the earlier one.

    Args:
        vocabulary: ids of the model's pieces.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._ids: dict[str, int] = {}
        self._by_id: dict[int, DeclaredToken] = {}
        self._special: dict[str, DeclaredToken] = {}
        self._ordinary: list[DeclaredToken] = []

    def id_of(self, content: str) -> int | None:
        """The id of an added token, or of a piece of the model."""
        return self._ids.get(content, self._vocabulary.get(content))

    def flags(self, content: str) -> DeclaredToken | None:
        """The flags of an added token; None where the text is none."""
        number = self._ids.get(content)
        return None if number is None else self._by_id[number]

    def contents(self) -> Collection[str]:
        """The texts that have been added."""
        return {token.content for token in self._by_id.values()}

    def add(self, tokens: Iterable[DeclaredToken]) -> None:
        """Adds tokens, or changes the flags of those that are there.

        One that was there just so, when this began or since, changes nothing.
        """
        known = {token.resolved for token in self._by_id.values()}
        for token in tokens:
            if token.special and token.content:
                self._special.setdefault(token.content, token)
            if token.content and token.resolved not in known:
                known.add(token.resolved)
                self._add(token)

    def _add(self, token: DeclaredToken) -> None:
        found = self.id_of(token.content)
        if found is None:
            found = max(max(self._ids.values(), default=-1) + 1, len(self._vocabulary))
        self._ids[token.content] = found
        self._by_id[found] = token
        if token.content not in self._special:
            self._ordinary.append(token)

    def tokens(self, *, split_special: bool) -> tuple[AddedToken, ...]:
        """What is looked for in a text.

        A text that was declared both ways is looked for in the text as it is given and in the
        normalised one, too.

        Args:
            split_special: special tokens are not looked for.
        """
        found: dict[AddedToken, None] = {}
        for token in (*self._special.values(), *self._ordinary):
            if not (split_special and token.content in self._special):
                number = self._ids.get(token.content, self._vocabulary.get(token.content, -1))
                flags = self._by_id[number]
                resolved = AddedToken(
                    token.content,
                    number,
                    lstrip=flags.lstrip,
                    rstrip=flags.rstrip,
                    single_word=flags.single_word,
                    normalized=token.in_normalized_text,
                )
                found[resolved] = None
        return tuple(found)
