"""From a format's tensor names to the canonical ones, by an ordered table of patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgebert.arrays import Array
from edgebert.bert.config import BertConfig
from edgebert.bert.weights import HEADS, encoder_shapes, head_shapes
from edgebert.checkpoints.mapped import Tensor, as_weight, transpose
from edgebert.errors import EdgebertError


@dataclass(frozen=True)
class NameMap:
    r"""What the tensors of a format are called here.

    Attributes:
        table: pairs of a pattern for a whole name and the canonical name, with `\1` for the
            pattern's first group; the first match wins.
        suffixes: canonical words for the last part of a name, where the format has others.
        transposed: a pattern for the whole names of matrices kept as `[in, out]`.
    """

    table: tuple[tuple[str, str], ...]
    suffixes: Mapping[str, str] = field(default_factory=dict)
    transposed: str = ""

    def canonical(self, name: str) -> str | None:
        """The canonical name of a tensor, None where the table has none."""
        for pattern, replacement in self.table:
            match = re.fullmatch(pattern, name, re.ASCII)
            if match:
                stem, _, suffix = match.expand(replacement).rpartition(".")
                return f"{stem}.{self.suffixes.get(suffix, suffix)}"
        return None

    def plan(self, names: Iterable[str], config: BertConfig, path: Path) -> dict[str, str]:
        """The tensor to read for each canonical name.

        Raises:
            EdgebertError: two tensors claim one name, or there are more layers than in the config.
        """
        known = encoder_shapes(config).keys() | {n for h in HEADS for n in head_shapes(h, config)}
        plan: dict[str, str] = {}
        for name in names:
            canonical = self.canonical(name)
            if canonical is None:
                continue
            if canonical not in known:
                raise EdgebertError(
                    f"{path}: tensor {name} belongs to none of the "
                    f"{config.num_hidden_layers} layers of the config"
                )
            if plan.setdefault(canonical, name) != name:
                raise EdgebertError(
                    f"{path}: tensors {plan[canonical]} and {name} are both {canonical}"
                )
        return plan

    def weights(
        self, tensors: Mapping[str, Tensor], config: BertConfig, path: Path
    ) -> dict[str, Array]:
        """Canonical float32 weights; tensors that the table does not name are left unread.

        Raises:
            EdgebertError: see `plan`, or a tensor holds no floating-point numbers.
        """
        return {
            canonical: as_weight(self._oriented(name, tensors[name]), f"{path}: tensor {name}")
            for canonical, name in self.plan(tensors, config, path).items()
        }

    def _oriented(self, name: str, tensor: Tensor) -> Tensor:
        return transpose(tensor) if re.fullmatch(self.transposed, name) else tensor
