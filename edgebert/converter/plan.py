"""Turns what the user asked for and what the checkpoint has into one plan, or an error."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from edgebert.bert.sentence import POOLINGS, Pooling, is_pooling, pooling_modes
from edgebert.bert.tasks import LABELLED, TASKS, TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.labels import default_labels, read_labels
from edgebert.converter.devices import recipe_for
from edgebert.converter.float_graph import FloatPlan
from edgebert.converter.head import Head
from edgebert.converter.options import LONG_NAMES, Options, RecipeName, RuntimeName
from edgebert.converter.prompts import NO_PROMPTS, Prompts, resolve_prompts
from edgebert.converter.recipe import GraphPlan, Recipe
from edgebert.converter.recipes import RECIPES
from edgebert.converter.weight_storage import FLOAT32
from edgebert.errors import EdgebertError

Choice = TypeVar("Choice")


_CALLED = MappingProxyType(
    {
        "lengths": "length",
        "explain": "a quantisation report",
        "allow_float": "allow float",
        "max_loss": "max loss",
        "max_drop": "max drop",
    }
)
"""Options whose users know them by another name."""


_IMPOSSIBLE = MappingProxyType({"w8-t4-a8-full": "int8-full", "w8-t4-a16-full": "int16x8"})
"""Recipes that one could expect, with the nearest that there is."""


@dataclass(frozen=True)
class Plan:
    """What will be built."""

    head: Head
    recipe: Recipe
    graphs: GraphPlan
    labels: tuple[str, ...] | None
    prompts: Prompts = NO_PROMPTS

    @property
    def max_length(self) -> int:
        """Most tokens of an input."""
        return self.graphs.max_length

    def in_float32(self) -> Plan:
        """The same, of a file to compare with: exact, and of any length up to the longest."""
        graphs = FloatPlan(self.max_length, FLOAT32)
        return replace(self, recipe=RECIPES["float32"], graphs=graphs)


def plan(options: Options, checkpoint: Checkpoint) -> Plan:
    """Decides every choice.

    Raises:
        EdgebertError: a choice is unknown, or the checkpoint cannot serve it.
    """
    chosen = recipe_for(options, checkpoint.config)
    recipe = RECIPES.get(chosen)
    method = None if recipe is None else recipe.methods.get(options.runtime)
    if recipe is None or method is None:
        raise EdgebertError(_no_method(chosen, options.runtime))
    task = _task(options.task, checkpoint)
    head = _head(task, options, checkpoint)
    labels = _labels(options, checkpoint, head)
    prompts = resolve_prompts(options.prompts, options.default_prompt, checkpoint, task)
    _refuse_foreign(options, recipe)
    return Plan(head, recipe, method.plan(options, checkpoint, head), labels, prompts)


def _no_method(recipe: RecipeName, runtime: RuntimeName) -> str:
    """Why no graph can be built: one of the two is unknown, or they do not go together."""
    runtimes = {name for row in RECIPES.values() for name in row.methods}
    if recipe in _IMPOSSIBLE:
        return (
            f"quantize {recipe}: no op of TFLite gives whole numbers from an int4 table; use "
            f"{_IMPOSSIBLE[recipe]}, or w8-t4-a8, whose values are float32"
        )
    if recipe not in RECIPES:
        return (
            f"quantize {recipe!r} is unknown; known: {', '.join(sorted(RECIPES))}, and long names "
            f"such as {next(iter(LONG_NAMES))}"
        )
    if runtime not in runtimes:
        return f"runtime {runtime!r} is unknown; known: {', '.join(sorted(runtimes))}"
    there = sorted(name for name, row in RECIPES.items() if runtime in row.methods)
    return (
        f"quantize {recipe} is for --runtime {' and '.join(RECIPES[recipe].methods)}; "
        f"--runtime {runtime} has {', '.join(there)}"
    )


def _refuse_foreign(options: Options, recipe: Recipe) -> None:
    """Raises EdgebertError where anything is asked for that only other recipes have."""
    special = frozenset().union(*(row.options for row in RECIPES.values())) - recipe.options
    # A number of 0 is asked for, too.
    given = [f.name for f in fields(Options) if getattr(options, f.name) != f.default]
    asked = [name for name in given if name in special]
    if asked:
        takers = [row.name for row in RECIPES.values() if row.options.issuperset(asked)]
        raise EdgebertError(
            f"{', '.join(_CALLED.get(name, name) for name in asked)}: for --quantize "
            f"{' and '.join(takers)}, not for {recipe.name}"
        )


def _head(task: TaskName, options: Options, checkpoint: Checkpoint) -> Head:
    """What is computed on top of the encoder."""
    if options.teachable and task == "embed":
        raise EdgebertError("teachable is for classifiers; every file for embed can be taught")
    if task != "embed":
        given = (options.pooling, options.normalize, options.truncate_dim)
        if any(choice is not None for choice in given):
            raise EdgebertError(
                f"pooling, normalize and truncate dim are for the task embed, not for {task}"
            )
        return Head(
            task,
            multi_label=checkpoint.multi_label,
            sigmoid=checkpoint.sigmoid,
            teachable=_teachable(task, options, checkpoint),
        )
    if not (options.pooling is None or is_pooling(options.pooling)):
        raise EdgebertError(
            f"pooling {options.pooling!r} is unknown; accepted: {', '.join(POOLINGS)}, and "
            "different ones joined by +"
        )
    unstated = checkpoint.pooling is None
    pooling = options.pooling or checkpoint.pooling or "mean"
    size = vector_size(checkpoint, pooling)
    # A checkpoint that says how it pools also says whether it normalises.
    normalize = _first(options.normalize, True if unstated else checkpoint.normalize)
    kept = _kept(options, checkpoint, size)
    # sentence-transformers truncates behind its modules, so behind Normalize; who asks for
    # vectors of length 1 (or has no module that says so) gets what is kept scaled to it.
    before = normalize and kept is not None and options.normalize is None and not unstated
    return Head(
        task,
        pooling=pooling,
        projections=checkpoint.projections,
        normalize_whole=before,
        truncate_dim=kept,
        normalize=normalize and not before,
    )


def _teachable(task: TaskName, options: Options, checkpoint: Checkpoint) -> bool:
    """Whether labels can be taught to the file beside its own."""
    if not options.teachable:
        return False
    if task != "classify" or checkpoint.multi_label:
        named = f"{task}{', multi-label' if checkpoint.multi_label else ''}"
        raise EdgebertError(f"teachable is for classifiers with one label a text, not for {named}")
    if options.lengths or options.target:
        raise EdgebertError("teachable files take texts of any length; leave --length out")
    return True


def vector_size(checkpoint: Checkpoint, pooling: Pooling) -> int:
    """How many numbers a sentence vector has before it is truncated.

    Raises:
        EdgebertError: the checkpoint's dense layers do not take what is pooled.
    """
    size = checkpoint.config.hidden_size * len(pooling_modes(pooling))
    for number in range(len(checkpoint.projections)):
        rows, columns = checkpoint.weights[f"projections.{number}.weight"].shape
        if columns != size:
            raise EdgebertError(
                f"pooling {pooling} gives {size} numbers; {checkpoint.source} has a Dense module "
                f"that takes {columns}"
            )
        size = rows
    return size


def _kept(options: Options, checkpoint: Checkpoint, size: int) -> int | None:
    """How many numbers of a vector are kept; None: all."""
    asked = options.truncate_dim
    if asked is not None and (type(asked) is not int or not 1 <= asked <= size):
        raise EdgebertError(
            f"truncate dim {asked}: the vectors of {checkpoint.source} have {size} numbers; "
            f"1 to {size} can be kept"
        )
    kept = asked or checkpoint.truncate_dim
    return kept if kept is not None and kept < size else None


def trim(checkpoint: Checkpoint, max_length: int) -> Checkpoint:
    """Drops the positions that no input can reach."""
    weights = {
        **checkpoint.weights,
        "embeddings.position": checkpoint.weights["embeddings.position"][:max_length],
    }
    config = replace(checkpoint.config, max_position_embeddings=max_length)
    return replace(checkpoint, weights=weights, config=config)


def _first(choice: Choice | None, default: Choice) -> Choice:
    return default if choice is None else choice


def _task(task: TaskName | None, checkpoint: Checkpoint) -> TaskName:
    can = ", ".join(checkpoint.tasks)
    chosen = task or checkpoint.task
    if chosen is None:
        if "task" in checkpoint.faults:
            raise EdgebertError(f"{checkpoint.faults['task']}; choose with --task, one of: {can}")
        raise EdgebertError(
            f"{checkpoint.source}: does not say what it is for; choose with --task, one of: {can}"
        )
    if chosen not in TASKS:
        raise EdgebertError(f"task {chosen!r} is unknown; known: {', '.join(TASKS)}")
    if chosen not in checkpoint.tasks:
        needed = TASKS[chosen].needs(checkpoint.config)
        lacks = [head for head in needed if head not in checkpoint.heads]
        for head in lacks:
            checkpoint.require(head)
        raise EdgebertError(
            f"{checkpoint.source}: has no {' and no '.join(lacks)} for the task {chosen}; "
            f"heads it has: {', '.join(checkpoint.heads) or 'none'}; tasks it can do: {can}"
        )
    if chosen in ("classify", "regress"):
        outputs = len(checkpoint.weights["classifier.weight"])
        if chosen == "regress" and outputs != 1:
            raise EdgebertError(
                f"{checkpoint.source}: its classifier has {outputs} outputs; regress needs 1"
            )
        if chosen == "classify" and outputs == 1 and not checkpoint.multi_label:
            raise EdgebertError(
                f"{checkpoint.source}: its classifier has 1 output, which leaves no choice of "
                "labels; use --task regress"
            )
    return chosen


def _labels(options: Options, checkpoint: Checkpoint, head: Head) -> tuple[str, ...] | None:
    if head.task not in LABELLED:
        if options.labels is not None:
            raise EdgebertError(f"labels are for {' and '.join(LABELLED)}, not for {head.task}")
        return None
    count = len(checkpoint.weights[f"{LABELLED[head.task]}.weight"])
    if isinstance(options.labels, Path):
        labels, origin = read_labels(options.labels), str(options.labels)
    elif options.labels is not None:
        labels, origin = tuple(options.labels), "labels"
    else:
        checkpoint.require("labels")
        labels, origin = checkpoint.labels or default_labels(count), checkpoint.source
    if len(labels) != count:
        raise EdgebertError(
            f"{origin}: {len(labels)} labels for a {LABELLED[head.task]} with {count} outputs"
        )
    if len(set(labels)) != count or not all(
        label.strip() and "\n" not in label for label in labels
    ):
        raise EdgebertError(f"{origin}: labels must differ, and none may be empty")
    return labels
