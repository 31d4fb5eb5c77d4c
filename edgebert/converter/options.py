"""What a user may ask of a conversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from edgebert.bert.sentence import Pooling
from edgebert.bert.tasks import TaskName

RecipeName: TypeAlias = Literal[
    "int8",
    "int8-static",
    "int8-fine",
    "float16",
    "float32",
    "int8-full",
    "int16x8",
    "int4",
    "w8-t4-a8",
    "w8-t4-a8-static",
    "w8-t4-a8-fine",
    "w4-t8-a8",
    "w16-t4-a32",
    "w32-t4-a32",
    "w8-t8-a8",
    "w8-t8-a8-static",
    "w8-t8-a8-fine",
    "w8-t8-a8-full",
    "w8-t8-a16-full",
    "w4-t4-a8",
    "w16-t16-a32",
    "w32-t32-a32",
]
LONG_NAMES: Mapping[RecipeName, RecipeName] = MappingProxyType(
    {
        "w8-t8-a8": "int8",
        "w8-t8-a8-static": "int8-static",
        "w8-t8-a8-fine": "int8-fine",
        "w8-t8-a8-full": "int8-full",
        "w8-t8-a16-full": "int16x8",
        "w4-t4-a8": "int4",
        "w16-t16-a32": "float16",
        "w32-t32-a32": "float32",
    }
)
"""Recipes with a short name by their long one: bits of weights, word table and activations."""

RuntimeName: TypeAlias = Literal["litert", "litert-2.2", "tflite-runtime"]
DeviceName: TypeAlias = Literal["pi4", "pi5", "phone", "x86"]
Mixed: TypeAlias = Literal["none", "auto"]

SHORTEST = 8
"""Least length of an input: special tokens and a few words."""


@dataclass(frozen=True)
class Options:
    """What a user may ask of a conversion; None leaves it to the checkpoint, or to us.

    `device` chooses the recipe in place of `quantize` (`devices.recipe_for`).
    Those from `lengths` on belong to some recipes only (`recipe.Recipe.options`).

    Attributes:
        lengths: tokens of an input; a graph for each. Full-integer files always have some; others
            take texts of any length without them.
        inputs: `ids` alone, or ids, mask and segment_ids.
        calibration: a file of texts to take ranges from, or to round matrices for.
        max_loss: of int8-static: the most that the output's mean cosine with float32 may be below
            1; dense layers are left dynamic until it is no more.
        mixed: "auto" keeps in int16 what int8 costs most, or in int8 what int4 costs most.
        allow_float: of "auto": or in float32, where that gains more.
        max_drop: of "auto": the most that the output's mean cosine with float32 may be below 1, or
            that labelled data may lose of its first metric.
        target: the accelerator that the file is for (`targets.find_target`).
        explain: measure what each step of the rewriting is worth.
        teachable: of a classifier: give its hidden state, too, by which labels can be taught to it.
    """

    task: TaskName | None = None
    quantize: RecipeName | None = None
    device: DeviceName | None = None
    labels: Path | Sequence[str] | None = None
    max_length: int | None = None
    runtime: RuntimeName = "litert"
    pooling: Pooling | None = None
    normalize: bool | None = None
    truncate_dim: int | None = None
    prompts: Mapping[str, str] | None = None
    default_prompt: str | None = None
    lengths: Sequence[int] | None = None
    inputs: Sequence[str] | None = None
    calibration: Path | None = None
    max_loss: float | None = None
    mixed: Mixed | None = None
    allow_float: bool = False
    max_drop: float | None = None
    target: str | None = None
    explain: bool = False
    teachable: bool = False
