"""What a measuring process is told to load; it travels to it as a line of JSON."""

from __future__ import annotations

import json
from typing import NamedTuple

from edgebert.support import AcceleratorChoice, EngineName


class Setting(NamedTuple):
    """One model in one process.

    Attributes:
        model: path.
        cores: numbers of those to stay on; None: all.
        texts: text and pair of each.
        accelerator: that runs it; "auto" falls back to the cpu.
        cache: file of XNNPACK's weight cache, for `compiled_worker`; None: none.
    """

    model: str
    engine: EngineName
    threads: int
    cores: list[int] | None
    texts: list[tuple[str, str | None]]
    accelerator: AcceleratorChoice = "cpu"
    cache: str | None = None

    def to_line(self) -> str:
        """One line of JSON."""
        return json.dumps(self._asdict()) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Setting:
        """Reads what `to_line` gave."""
        return cls(**json.loads(line))
