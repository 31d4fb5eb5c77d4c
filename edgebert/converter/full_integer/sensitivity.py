"""Which values to keep in int16 or float32: those by which int8 loses most, until it loses little.

Values go in groups that share their numbers, so that few are converted to and fro: a sum with the
norm that reads it, an attention, a feed-forward block. Each group is tried in each other type by
itself; the groups are then taken in the order of what they gained, while too much is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from edgebert.converter.full_integer.emitter import Value
from edgebert.converter.full_integer.storage import Kind, StoragePlan

Loss = Callable[[StoragePlan, str], float]
"""What a plan loses; the text is for the progress bar."""

HEAD = "head"
"""The group that the output is in, which stays a whole number."""

FLOAT32_ADVANTAGE = 1.1
"""float32 must gain so many times what int16 does: whole numbers run on more devices."""

_BLOCK = re.compile(r"layers\.\d+\.(attention|ffn)")


@dataclass(frozen=True)
class Gain:
    """What a group gained in another type, by itself."""

    group: str
    kind: Kind
    gain: float


@dataclass(frozen=True)
class MixedPrecision:
    """A plan with several types.

    Attributes:
        plan: with the groups in other types.
        promoted: the groups, in the order in which they were taken.
        remaining_loss: what is still lost.
    """

    plan: StoragePlan
    promoted: tuple[Gain, ...]
    remaining_loss: float


def mix_precision(
    plan: StoragePlan,
    values: Iterable[Value],
    kinds: Sequence[Kind],
    error: Loss,
    loss: Loss,
    allowed_loss: float,
) -> MixedPrecision:
    """Puts groups of values into other types until little enough is lost, or nothing more gains.

    Args:
        plan: all int8.
        values: of the graph.
        kinds: the types that groups may have, "int16" first.
        error: of the output; says what a group gains.
        loss: what must not be above `allowed_loss`; the same, or what the user's data says.
        allowed_loss: how much may be lost.
    """
    remaining_loss = loss(plan, "int8")
    if remaining_loss <= allowed_loss:
        return MixedPrecision(plan, (), remaining_loss)
    members = groups(values)
    promoted: list[Gain] = []
    for best in _gains(plan, members, kinds, error):
        promoted.append(best)
        plan = _with(plan, members[best.group], best.kind)
        remaining_loss = loss(plan, best.group)
        if remaining_loss <= allowed_loss:
            break
    return MixedPrecision(plan, tuple(promoted), remaining_loss)


def _gains(
    plan: StoragePlan, members: Mapping[str, frozenset[str]], kinds: Sequence[Kind], error: Loss
) -> list[Gain]:
    """The best type of each group that gains, the largest gain first."""
    before = error(plan, "int8")
    found = []
    for group, names in members.items():
        best = Gain(group, "int8", 0.0)
        for kind in kinds if group != HEAD else kinds[:1]:
            gain = before - error(_with(plan, names, kind), f"{group} in {kind}")
            if gain > best.gain * FLOAT32_ADVANTAGE:
                best = Gain(group, kind, gain)
        found.append(best)
    return sorted((best for best in found if best.gain > 0), key=lambda best: -best.gain)


def groups(values: Iterable[Value]) -> dict[str, frozenset[str]]:
    """The names of the values that may have another type, by group; what tables give may not."""
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
        return HEAD
    rest = name[block.end() :]
    return f"{block[0]}.norm" if not rest or rest.startswith(".norm") else block[0]


def _with(plan: StoragePlan, names: frozenset[str], kind: Kind) -> StoragePlan:
    return replace(plan, kinds={**plan.kinds, **dict.fromkeys(names, kind)})
