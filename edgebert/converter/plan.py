"""Turns what the user asked for and what the checkpoint has into one settled plan, or an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from edgebert.bert.tasks import LABELLED, TASKS, TaskName
from edgebert.checkpoints.checkpoint import Checkpoint, Pooling
from edgebert.checkpoints.labels import default_labels, read_labels
from edgebert.converter.full_integer.plan import IntegerOptions, IntegerPlan, integer_plan
from edgebert.converter.head import Head
from edgebert.converter.recipes import RECIPES, IntegerRecipe, Recipe, RecipeName, RuntimeName
from edgebert.errors import EdgebertError

SHORTEST = 8
"""Least `max_length`: special tokens and a few words."""

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Options:
    """What a user may ask of a conversion; None leaves it to the checkpoint."""

    task: TaskName | None = None
    quantize: RecipeName = "int8"
    labels: Path | Sequence[str] | None = None
    max_length: int | None = None
    runtime: RuntimeName = "litert"
    pooling: Pooling | None = None
    normalize: bool | None = None
    integer: IntegerOptions = field(default_factory=IntegerOptions)


@dataclass(frozen=True)
class Plan:
    """What will be built."""

    head: Head
    recipe: Recipe | IntegerPlan
    labels: tuple[str, ...] | None
    max_length: int


def plan(options: Options, checkpoint: Checkpoint) -> Plan:
    """Settles every choice.

    Raises:
        EdgebertError: a choice is unknown, or the checkpoint cannot serve it.
    """
    recipe = RECIPES.get((options.quantize, options.runtime))
    if recipe is None:
        names = (sorted({key[at] for key in RECIPES}) for at in (0, 1))
        quantize, runtime = (", ".join(values) for values in names)
        raise EdgebertError(
            f"quantize {options.quantize!r} for runtime {options.runtime!r} is unknown; "
            f"quantize: {quantize}; runtime: {runtime}"
        )
    task = _task(options.task, checkpoint)
    if task != "embed" and (options.pooling is not None or options.normalize is not None):
        raise EdgebertError(f"pooling and normalize are for the task embed, not for {task}")
    if options.pooling not in (None, "mean", "cls"):
        raise EdgebertError(f"pooling {options.pooling!r} is unknown; accepted: mean, cls")
    unstated = checkpoint.pooling is None
    head = Head(
        task,
        pooling=options.pooling or checkpoint.pooling or "mean",
        # A checkpoint that says how it pools also says whether it normalises.
        normalize=_first(options.normalize, True if unstated else checkpoint.normalize),
        multi_label=checkpoint.multi_label,
    )
    labels = _labels(options, checkpoint, head)
    if not isinstance(recipe, IntegerRecipe):
        options.integer.refuse(recipe.name)
        if recipe.float16_steps and checkpoint.config.norm == "no_norm":
            raise EdgebertError(
                f"{checkpoint.source}: a MobileBERT's activations leave the range of float16, in "
                f"which files for {options.runtime} may compute; convert it for litert"
            )
        return Plan(head, recipe, labels, _max_length(options, checkpoint))
    if options.max_length is not None:
        raise EdgebertError(f"{recipe.name} takes fixed lengths: use --length, not --max-length")
    integer = integer_plan(options.integer, checkpoint, recipe)
    return Plan(head, integer, labels, max(integer.lengths))


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


def _max_length(options: Options, checkpoint: Checkpoint) -> int:
    positions = checkpoint.config.max_position_embeddings
    if options.max_length is None:
        return min(checkpoint.tokenizer.max_length, positions)
    if not SHORTEST <= options.max_length <= positions:
        raise EdgebertError(
            f"max length {options.max_length}: {checkpoint.source} takes {SHORTEST} to "
            f"{positions} tokens"
        )
    return options.max_length
