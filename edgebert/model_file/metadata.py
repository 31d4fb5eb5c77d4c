"""Standard TFLite Metadata: what MediaPipe, the Task Library and other readers expect in a file.

The metadata is a flatbuffer of its own (identifier M001) inside the model. Its schema,
tensorflow/lite/support/metadata/metadata_schema.fbs, ships in no package that can live beside the
others, so the few tables that a text model needs are written here field by field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import flatbuffers

from edgebert.model_file.names import LABELS_FILE, RECORD_FILE, VOCABULARY_FILE
from edgebert.version import __version__

METADATA_NAME = "TFLITE_METADATA"
MIN_PARSER_VERSION = "1.1.0"
"""The first that knows the tokenizer's options."""

# Numbers of the schema.
_FILE_TYPE_LABELS, _FILE_TYPE_VOCABULARY, _FILE_TYPE_DESCRIPTIONS = 2, 5, 1
_UNION_FEATURES, _UNION_BERT_TOKENIZER = 1, 4


@dataclass(frozen=True)
class Table:
    """A table to be written: how many fields its schema has, and the values by field number."""

    size: int
    fields: dict[int, Value]


Value: TypeAlias = str | int | Table | Sequence[Table]


def metadata(
    task: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    *,
    labels: bool,
    vocabulary: bool = True,
) -> bytes:
    """The metadata of a model with one text input.

    Args:
        task: goes into the name.
        inputs: names in the order of the model's inputs; readers find ids, mask and segment_ids
            by them.
        outputs: names of the outputs.
        labels: whether the file holds `LABELS_FILE`, one label for each value of the first output.
        vocabulary: whether it holds `VOCABULARY_FILE`; the standard knows no other tokenizer of
            ours, so without it readers are told of none.
    """
    label_files = [_file(LABELS_FILE, _FILE_TYPE_LABELS)] if labels else []
    word_pieces = _file(VOCABULARY_FILE, _FILE_TYPE_VOCABULARY)
    tokenizer = Table(2, {0: _UNION_BERT_TOKENIZER, 1: Table(1, {0: [word_pieces]})})
    subgraph = Table(
        10,
        {
            2: [_tensor(name, []) for name in inputs],
            3: [_tensor(outputs[0], label_files), *(_tensor(name, []) for name in outputs[1:])],
            5: [tokenizer] if vocabulary else [],
        },
    )
    model = Table(
        8,
        {
            0: f"edgebert {task}",
            1: "Compact BERT. Tokenizer options and everything else edgebert.json tells.",
            2: "1",
            3: [subgraph],
            4: f"edgebert {__version__}",
            6: [_file(RECORD_FILE, _FILE_TYPE_DESCRIPTIONS)],
            7: MIN_PARSER_VERSION,
        },
    )
    builder = flatbuffers.Builder(1024)
    builder.Finish(_write(builder, model), b"M001")
    return bytes(builder.Output())


def _file(name: str, kind: int) -> Table:
    return Table(5, {0: name, 2: kind})


def _tensor(name: str, files: Sequence[Table]) -> Table:
    features = Table(3, {0: _UNION_FEATURES, 1: Table(0, {})})
    return Table(7, {0: name, 3: features, 6: files})


def _write(builder: flatbuffers.Builder, table: Table) -> int:
    """Writes what the table refers to, then the table; gives its offset."""
    offsets = {
        field: _write_value(builder, value)
        for field, value in table.fields.items()
        if not isinstance(value, int)
    }
    builder.StartObject(table.size)
    for field, value in table.fields.items():
        if isinstance(value, int):
            builder.PrependUint8Slot(field, value, 0)
        else:
            builder.PrependUOffsetTRelativeSlot(field, offsets[field], 0)
    return int(builder.EndObject())


def _write_value(builder: flatbuffers.Builder, value: str | Table | Sequence[Table]) -> int:
    if isinstance(value, str):
        return int(builder.CreateString(value))
    if isinstance(value, Table):
        return _write(builder, value)
    offsets = [_write(builder, item) for item in value]
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())
