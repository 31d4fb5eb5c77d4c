"""A student made from its teacher's weights, for those who have no pre-trained one.

Every k-th layer is kept. Where the student is narrower, the hidden states are projected on the
directions in which the teacher's word vectors vary most (truncated singular value decomposition);
of the attention heads evenly spread ones are kept, and of the feed-forward neurons those with the
largest weights. It is a place to begin a distillation from, no model to be used as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.bert.catalogue import find
from edgebert.bert.config import BertConfig
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.errors import EdgebertError
from edgebert.train.initialisation import check_trainable
from edgebert.train.pca import principal_components

_Rows = npt.NDArray[np.intp]


def parse_size(text: str) -> tuple[int, int]:
    """`2/128` as layers and width.

    Raises:
        EdgebertError: no such size.
    """
    model = find(text)
    if model is not None:
        return model.layers, model.hidden_size
    if match := re.fullmatch(r"(\d{1,3})/(\d{1,4})", text, re.ASCII):
        return int(match[1]), int(match[2])
    raise EdgebertError(f"size {text[:40]!r}: layers and width are needed, such as 2/128 or tiny")


def student_from_teacher(teacher: Checkpoint, layers: int, hidden_size: int) -> Checkpoint:
    """A smaller plain BERT with an encoder from the teacher's weights, without heads.

    Its heads are as wide as the teacher's, or 64 where that does not divide its width, and its
    feed-forward layers as many times wider than itself. A student of the teacher's size is the
    teacher.

    Raises:
        EdgebertError: the student is larger in some size, the heads do not divide its width, or
            the teacher is no plain BERT.
    """
    check_trainable(teacher.config)
    config = student_config(teacher.config, layers, hidden_size)
    weights = _StudentWeights(teacher, config).encoder()
    return replace(
        teacher, config=config, weights=weights, labels=None, task=None, multi_label=False
    )


def student_config(large: BertConfig, layers: int, hidden_size: int) -> BertConfig:
    """The shape of such a student.

    Raises:
        EdgebertError: it is larger than the teacher in some size.
    """
    size = next((s for s in (large.head_size, 64) if hidden_size % s == 0), hidden_size)
    config = replace(
        large,
        num_hidden_layers=layers,
        hidden_size=hidden_size,
        num_attention_heads=hidden_size // size,
        intermediate_size=large.intermediate_size * hidden_size // large.hidden_size,
    )
    for name in ("num_hidden_layers", "hidden_size"):
        if getattr(config, name) > getattr(large, name):
            raise EdgebertError(
                f"the student's {name} {getattr(config, name)} is above the teacher's "
                f"{getattr(large, name)}; choose a smaller one, or a checkpoint to begin with"
            )
    return config


class _StudentWeights:
    def __init__(self, teacher: Checkpoint, config: BertConfig) -> None:
        self._old: Mapping[str, Array] = teacher.weights
        self._from, self._to = teacher.config, config
        self._components = _components(self._old["embeddings.word"], config.hidden_size)

    def encoder(self) -> dict[str, Array]:
        tables = {
            name: self._old[name] @ self._components
            for name in ("embeddings.word", "embeddings.position", "embeddings.segment")
            if name in self._old
        }
        found = {**tables, **self._norm("embeddings.norm", "embeddings.norm")}
        for layer in range(self._to.num_hidden_layers):
            old = _evenly_spaced(self._to.num_hidden_layers, self._from.num_hidden_layers)[layer]
            found |= self._layer(f"layers.{old}", f"layers.{layer}")
        return {name: np.ascontiguousarray(each, np.float32) for name, each in found.items()}

    def _layer(self, old: str, new: str) -> dict[str, Array]:
        rows, neurons = self._head_rows(), self._neurons(old)
        # The scores are divided by the root of a head's size, which may be another one now.
        scale = np.float32(np.sqrt(self._to.head_size / self._from.head_size))
        query = self._input_projection(f"{old}.attention.query", f"{new}.attention.query", rows)
        return {
            **{name: scale * array for name, array in query.items()},
            **self._input_projection(f"{old}.attention.key", f"{new}.attention.key", rows),
            **self._input_projection(f"{old}.attention.value", f"{new}.attention.value", rows),
            **self._output_projection(f"{old}.attention.output", f"{new}.attention.output", rows),
            **self._norm(f"{old}.attention.norm", f"{new}.attention.norm"),
            **self._input_projection(f"{old}.ffn.intermediate", f"{new}.ffn.intermediate", neurons),
            **self._output_projection(f"{old}.ffn.output", f"{new}.ffn.output", neurons),
            **self._norm(f"{old}.ffn.norm", f"{new}.ffn.norm"),
        }

    def _input_projection(self, old: str, new: str, rows: _Rows) -> dict[str, Array]:
        """A matrix from the hidden state to some rows."""
        return {
            f"{new}.weight": self._old[f"{old}.weight"][rows] @ self._components,
            f"{new}.bias": self._old[f"{old}.bias"][rows],
        }

    def _output_projection(self, old: str, new: str, columns: _Rows) -> dict[str, Array]:
        """A matrix from some columns to the hidden state."""
        return {
            f"{new}.weight": self._components.T @ self._old[f"{old}.weight"][:, columns],
            f"{new}.bias": self._old[f"{old}.bias"] @ self._components,
        }

    def _norm(self, old: str, new: str) -> dict[str, Array]:
        """Scale and shift of a norm: the scale as large as that of what a direction is made of."""
        shares = self._components**2
        return {
            f"{new}.weight": np.sqrt(self._old[f"{old}.weight"] ** 2 @ shares)
            if shares.shape[0] != shares.shape[1]
            else self._old[f"{old}.weight"],
            f"{new}.bias": self._old[f"{old}.bias"] @ self._components,
        }

    def _head_rows(self) -> _Rows:
        """As many rows as the student is wide, from evenly spread heads of the teacher."""
        size = self._from.head_size
        count = -(-self._to.hidden_size // size)
        heads = _evenly_spaced(count, self._from.num_attention_heads)
        rows = (np.array(heads)[:, None] * size + np.arange(size)).reshape(-1)
        return rows[: self._to.hidden_size]

    def _neurons(self, old: str) -> _Rows:
        into = np.linalg.norm(self._old[f"{old}.ffn.intermediate.weight"], axis=1)
        out_of = np.linalg.norm(self._old[f"{old}.ffn.output.weight"], axis=0)
        kept = np.argsort(-into * out_of, kind="stable")[: self._to.intermediate_size]
        return np.sort(kept)


def _components(words: Array, width: int) -> Array:
    """Orthonormal columns [H, width] that keep most of the word vectors [V, H]."""
    if width == words.shape[1]:
        return np.eye(width, dtype=np.float32)
    return principal_components(words, width)


def _evenly_spaced(count: int, among: int) -> list[int]:
    """`count` of `among` things, evenly, the last one always: layers 3 and 6 of 6."""
    return [(index + 1) * among // count - 1 for index in range(count)]
