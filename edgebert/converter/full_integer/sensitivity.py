"""Which values to keep in int16: those by which int8 loses most, until it loses little enough.

Values go in groups that share their numbers, so that few are converted to and fro: a sum with the
norm that reads it, an attention, a feed-forward block. Each group is tried in int16 by itself; the
groups are then taken in the order of what they gained, as long as the loss is too large.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from edgebert.converter.full_integer.emitter import Value
from edgebert.converter.full_integer.storage import StoragePlan

Loss = Callable[[StoragePlan, str], float]
"""1 - mean cosine of the output with float32; the text is for the progress bar."""

_BLOCK = re.compile(r"layers\.\d+\.(attention|ffn)")


@dataclass(frozen=True)
class Mixture:
    """What became of it.

    Attributes:
        plan: with the groups in int16.
        groups: in int16, in the order in which they were taken.
        gains: of each group by itself, the largest first.
        loss: what is left of it.
    """

    plan: StoragePlan
    groups: tuple[str, ...]
    gains: Mapping[str, float]
    loss: float


def mix(plan: StoragePlan, values: Iterable[Value], loss: Loss, most: float) -> Mixture:
    """Puts groups of values into int16 until the loss is at most `most`, or nothing more gains.

    Args:
        plan: all int8.
        values: of the graph.
        loss: measures a plan.
        most: how much may be lost.
    """
    members = groups(values)
    left = loss(plan, "int8")
    if left <= most:
        return Mixture(plan, (), {}, left)
    alone = {name: left - loss(_with(plan, names), name) for name, names in members.items()}
    gains = dict(sorted(alone.items(), key=lambda item: -item[1]))
    taken: list[str] = []
    for name, gain in gains.items():
        if left <= most or gain <= 0:
            break
        taken.append(name)
        plan = _with(plan, members[name])
        left = loss(plan, " + ".join(taken[-2:]))
    return Mixture(plan, tuple(taken), gains, left)


def groups(values: Iterable[Value]) -> dict[str, frozenset[str]]:
    """The names of the values that may be int16, by group; what is read from a table may not."""
    found: dict[str, set[str]] = {}
    for value in values:
        if value.op != "gather":
            found.setdefault(_group(value.name), set()).add(value.name)
    return {name: frozenset(names) for name, names in found.items()}


def _group(name: str) -> str:
    if name.startswith("embeddings"):
        return "embeddings.norm"
    block = _BLOCK.match(name)
    if block is None:
        return "head"
    rest = name[block.end() :]
    return f"{block[0]}.norm" if not rest or rest.startswith(".norm") else block[0]


def _with(plan: StoragePlan, names: frozenset[str]) -> StoragePlan:
    return replace(plan, other=plan.other | names)
