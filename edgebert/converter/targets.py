"""Accelerators by name: which ops and types each takes, by published lists with their source."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from edgebert.errors import CheckFailedError, EdgebertError
from edgebert.model_file.contents import OpUsage
from edgebert.typed_json import from_json

ANY = "any"
"""No accelerator in particular: whatever runs TFLite."""


@dataclass(frozen=True)
class Publication:
    """Where a list is from.

    Attributes:
        document: its name.
        at: where it is found.
        of: its date and version.
    """

    document: str
    at: str
    of: str


@dataclass(frozen=True)
class Support:
    """What a target takes of an op.

    Attributes:
        versions: the lowest and the highest; empty: any.
        per_channel: weights may have a scale for each channel.
    """

    versions: tuple[int, ...] = ()
    per_channel: bool = True


@dataclass(frozen=True)
class Target:
    """An accelerator, or what stands before several.

    Attributes:
        title: its full name.
        types: of the tensors it works on.
        ops: builtin ops by name.
        on_cpu: ops that its compiler leaves to the processor beside it, which runs them.
        max_rank: most axes of a tensor; 0: any number.
        hybrid: it takes dense layers of float values with whole weights.
        stacked_constants: it reads the first axis of an element-wise op's constant as an axis like
            others, not as a batch, of which it would take the first for all.
    """

    title: str
    sources: tuple[Publication, ...]
    types: tuple[str, ...]
    ops: dict[str, Support]
    on_cpu: tuple[str, ...] = ()
    max_rank: int = 0
    hybrid: bool = True
    stacked_constants: bool = True

    def lacks(self, use: OpUsage) -> str | None:
        """Why it does not take an op, or None where it does."""
        support = self.ops.get(use.op)
        if support is None:
            return LEFT_TO_CPU if use.op in self.on_cpu else "not in its list"
        wrong = [each for each in use.types if each not in self.types]
        if wrong:
            return f"type {', '.join(wrong)}"
        if not self.hybrid and use.op == "FULLY_CONNECTED" and {"float32", "int8"} <= {*use.types}:
            return "float values with whole weights"
        if 0 < self.max_rank < use.rank:
            return f"{use.rank} axes"
        if use.stacked_constant and not self.stacked_constants:
            return STACKED_CONSTANT
        if support.versions and not support.versions[0] <= use.version <= support.versions[-1]:
            return f"version {use.version}"
        if use.per_channel and not support.per_channel:
            return "a scale for each channel"
        return None


LEFT_TO_CPU = "the processor runs it"
STACKED_CONSTANT = "a constant with more than one row"


def targets() -> Mapping[str, Target]:
    """All targets by the name that users give."""
    return _targets()


def find_target(name: str) -> Target | None:
    """The target of that name; None for `ANY`.

    Raises:
        EdgebertError: there is none.
    """
    if name == ANY:
        return None
    if name not in targets():
        known = ", ".join([ANY, *targets()])
        raise EdgebertError(
            f"target {name!r} is unknown; known: {known} (docs/accelerators.md says why no others)"
        )
    return targets()[name]


def require_type(name: str, type_name: str, advice: str) -> None:
    """Refuses a target whose files cannot have values of a type.

    Raises:
        EdgebertError: it does not take them.
    """
    target = find_target(name)
    if target is not None and type_name not in target.types:
        raise EdgebertError(f"target {name}: {target.title} takes no {type_name}; use {advice}")


def unsupported(uses: Sequence[OpUsage], target: Target) -> dict[OpUsage, str]:
    """The ops that a target does not take, with the reason."""
    return {use: reason for use in uses if (reason := target.lacks(use)) is not None}


def require(uses: Sequence[OpUsage], name: str) -> None:
    """Refuses a graph with an op that a target does not take.

    Args:
        uses: the ops of the graph (`model_file.contents.Contents.uses`).
        name: of the target.

    Raises:
        CheckFailedError: there is one; the message names all of them.
        EdgebertError: no such target.
    """
    target = find_target(name)
    if target is None:
        return
    counts: Counter[tuple[str, str]] = Counter()
    for use, reason in unsupported(uses, target).items():
        if reason == LEFT_TO_CPU:
            continue
        counts[use.op, reason] += use.count
    if counts:
        lacking = "; ".join(f"{op} × {count} ({reason})" for (op, reason), count in counts.items())
        # Ops can be written in others, types cannot.
        types = {each for use in uses for each in use.types}
        others = [other for other, row in targets().items() if types <= {*row.types}]
        raise CheckFailedError(
            f"{target.title} does not take {lacking}; nothing was written. Other targets with "
            f"values of these types: {', '.join(each for each in [ANY, *others] if each != name)}"
        )


@functools.cache
def _targets() -> Mapping[str, Target]:
    text = resources.files(__package__).joinpath("targets.json").read_text(encoding="utf-8")
    return {
        name: from_json(Target, value, f"targets.{name}")
        for name, value in json.loads(text).items()
    }
