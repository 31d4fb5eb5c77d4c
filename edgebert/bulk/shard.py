"""One of several equal parts of a file of texts, for several machines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgebert.errors import EdgebertError


@dataclass(frozen=True)
class Shard:
    """A part of the texts; all parts in their order are the whole.

    Attributes:
        number: from 1 on.
        count: of the parts.

    Raises:
        EdgebertError: there is no such part.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise EdgebertError(f"shard {self}: give 1/{self.count} to {self.count}/{self.count}")

    @classmethod
    def parse(cls, text: str) -> Shard:
        """From `3/16`.

        Raises:
            EdgebertError: it is no such text, or there is no such part.
        """
        match = re.fullmatch(r"(\d{1,6})/([1-9]\d{0,5})", text, re.ASCII)
        if match is None:
            raise EdgebertError(f"shard {text[:40]!r}: a part of all is needed, such as 3/16")
        return cls(int(match[1]), int(match[2]))

    def of(self, total: int) -> range:
        """Numbers of its texts among so many; parts differ by one text at most."""
        return range((self.number - 1) * total // self.count, self.number * total // self.count)

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


WHOLE = Shard(1, 1)
