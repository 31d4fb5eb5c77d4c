"""The models of a job, opened far enough to know what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgebert.benchmarking.job import JobModel
from edgebert.benchmarking.result import ModelFacts
from edgebert.errors import EdgebertError
from edgebert.files import sha256_of
from edgebert.model_file.packaged import find_model
from edgebert.model_file.read import ModelFile, read_model_file
from edgebert.model_file.record import Record
from edgebert.support import AcceleratorChoice

INT8 = ("int8", "int8-full")
"""Recipes that should be quicker than float32."""

_COPIES = 3  # the file as mapped, what the engine packs of it, room for activations
_PROCESS_BYTES = 60_000_000
_IDENTITY_DIGITS = 16


@dataclass(frozen=True)
class OpenedModel:
    """A model that is measured, on the processor or an accelerator."""

    file: ModelFile
    facts: ModelFacts
    accelerator: AcceleratorChoice = "cpu"

    @property
    def name(self) -> str:
        """What the report calls it."""
        return self.facts.name


def job_model(path: Path, name: str | None = None) -> JobModel:
    """Names a model file for a job.

    Raises:
        EdgebertError: it cannot be read.
    """
    path = Path(find_model(path))
    return JobModel(str(path), sha256_of(path), path.stem if name is None else name)


def open_model(model: JobModel) -> OpenedModel:
    """Looks into a model file.

    Raises:
        EdgebertError: not a file of ours, or not the one that was meant.
    """
    path = Path(model.path)
    file = read_model_file(path)
    if (found := sha256_of(path)) != model.sha256:
        raise EdgebertError(
            f"{path}: not the file that was meant: SHA-256 {found[:12]}…, not {model.sha256[:12]}…"
        )
    record = file.record
    facts = ModelFacts(
        name=model.name,
        sha256=found,
        bytes=path.stat().st_size,
        task=record.task,
        quantization=record.quantization.name,
        layers=record.model.num_hidden_layers,
        hidden_size=record.model.hidden_size,
        heads=record.model.num_attention_heads,
        identity=_identity(record),
    )
    return OpenedModel(file, facts)


def memory_groups(models: Sequence[OpenedModel], limit: int | None) -> list[list[OpenedModel]]:
    """Splits models, in their order, so that those of a group fit in memory at once.

    Args:
        models: to interleave.
        limit: bytes; None: no limit is known.
    """
    split: list[list[OpenedModel]] = []
    left = 0
    for model in models:
        need = _PROCESS_BYTES + _COPIES * model.facts.bytes
        if not split or (limit is not None and need > left):
            split.append([])
            left = limit or 0
        split[-1].append(model)
        left -= need
    return split


def without_float32(models: Sequence[OpenedModel]) -> list[OpenedModel]:
    """Those in int8 that have no float32 of the same model beside them."""
    floats = {each.facts.identity for each in models if each.facts.quantization == "float32"}
    return [
        model
        for model in models
        if model.facts.quantization in INT8 and model.facts.identity not in floats
    ]


def _identity(record: Record) -> str:
    same = (record.task, record.labels, record.model, record.source)
    return hashlib.sha256(repr(same).encode()).hexdigest()[:_IDENTITY_DIGITS]
