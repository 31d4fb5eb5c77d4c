"""Writes the graph of a .tflite with its metadata; `stored_zip` writes what stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgebert.model_file.metadata import METADATA_NAME, metadata
from edgebert.model_file.schema import schema
from edgebert.model_file.serialize import serialize

# Readers since the Task Library take this as the lowest version of TFLite that runs the file.
_RUNTIME_NAME = "min_runtime_version"
_RUNTIME_SIZE = 16

# XNNPACK takes this as leave to compute in float16: tflite/converter/tools/optimize/
# reduced_precision_metadata.h.
_PRECISION = ("reduced_precision_support", b"fp16accfp16")


def model_bytes(
    model: Any,
    *,
    task: str,
    labels: bool,
    minimum_runtime: str,
    vocabulary: bool = True,
    float16_steps: bool = False,
) -> bytearray:
    """The flatbuffer of a graph (`Graph.model`), TFLite Metadata included.

    It runs as it is; `stored_zip.archive_bytes` still has to be written behind it.

    Args:
        model: the graph.
        task: of the record.
        labels: whether there are any.
        minimum_runtime: TFLite version.
        vocabulary: whether one is written behind it.
        float16_steps: engines may compute in float16 what is float32 in the graph.
    """
    signature = model.signatureDefs[0]
    inputs, outputs = (
        [entry.name for entry in entries] for entries in (signature.inputs, signature.outputs)
    )
    standard = metadata(task, inputs, outputs, labels=labels, vocabulary=vocabulary)
    _attach(model, METADATA_NAME, standard)
    _attach(model, _RUNTIME_NAME, minimum_runtime.encode().ljust(_RUNTIME_SIZE, b"\0"))
    if float16_steps:
        _attach(model, *_PRECISION)
    return serialize(model)


def _attach(model: Any, name: str, data: bytes) -> None:
    """Adds a named block of bytes to the model's metadata."""
    entry = schema.MetadataT()
    entry.name = name
    entry.buffer = len(model.buffers)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(data, np.uint8)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]


def lines(items: Sequence[str]) -> str:
    """One item a line, as vocabularies and label files are kept."""
    return "".join(f"{item}\n" for item in items)
