"""The same classifier through TensorFlow: runs where TensorFlow is, without edgebert.

Written from the paper (arXiv 1810.04805) as a TensorFlow user would write it for TFLiteConverter,
with what is known to be fast there: a length known only at run time, two-dimensional tensors,
queries scaled beforehand, the last layer computed for [CLS] alone. It shares no code with
edgebert's own graph, which it is there to check.

Usage: tensorflow_twin.py WEIGHTS.npz FOLDER — writes float32.tflite and int8.tflite. The archive
holds the arrays under edgebert's names and `heads`, the number of attention heads.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

EPSILON = 1e-12


class Classifier:
    """Probabilities [1, K] of one text; GELU in its tanh form."""

    def __init__(self, weights: dict[str, np.ndarray], heads: int) -> None:
        self.weights = weights
        self.heads = heads
        self.width = weights["embeddings.word"].shape[1]
        self.layers = sum(name.endswith("ffn.output.bias") for name in weights)

    def __call__(self, ids: tf.Tensor, mask: tf.Tensor, segment_ids: tf.Tensor) -> tf.Tensor:
        """Probabilities [1, K] for int32 rows [1, n]."""
        hidden = self._embed(tf.reshape(ids, [-1]), tf.reshape(segment_ids, [-1]))
        bias = (tf.cast(tf.reshape(mask, [1, 1, -1]), tf.float32) - 1.0) * 10_000.0
        for layer in range(self.layers):
            rows = hidden[:1] if layer == self.layers - 1 else hidden
            hidden = self._layer(rows, hidden, bias, f"layers.{layer}")
        pooled = tf.tanh(self._dense(hidden, "pooler"))
        return tf.nn.softmax(self._dense(pooled, "classifier"))

    def _embed(self, ids: tf.Tensor, segment_ids: tf.Tensor) -> tf.Tensor:
        tables = self.weights
        words = tf.gather(tables["embeddings.word"], ids)
        positions = tf.constant(tables["embeddings.position"])[: tf.shape(ids)[0]]
        segments = tf.gather(tables["embeddings.segment"], segment_ids)
        return self._norm(words + positions + segments, "embeddings.norm")

    def _layer(self, rows: tf.Tensor, hidden: tf.Tensor, bias: tf.Tensor, name: str) -> tf.Tensor:
        attended = self._attention(rows, hidden, bias, f"{name}.attention")
        rows = self._norm(rows + attended, f"{name}.attention.norm")
        inner = tf.nn.gelu(self._dense(rows, f"{name}.ffn.intermediate"), approximate=True)
        return self._norm(rows + self._dense(inner, f"{name}.ffn.output"), f"{name}.ffn.norm")

    def _attention(
        self, rows: tf.Tensor, hidden: tf.Tensor, bias: tf.Tensor, name: str
    ) -> tf.Tensor:
        scale = (self.width // self.heads) ** -0.5
        query = self._split(self._dense(rows, f"{name}.query", scale))
        key = self._split(self._dense(hidden, f"{name}.key"))
        value = self._split(self._dense(hidden, f"{name}.value"))
        shares = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) + bias)
        mixed = tf.transpose(tf.matmul(shares, value), [1, 0, 2])
        return self._dense(tf.reshape(mixed, [-1, self.width]), f"{name}.output")

    def _split(self, x: tf.Tensor) -> tf.Tensor:
        """[n, H] as [heads, n, H / heads]."""
        x = tf.reshape(x, [-1, self.heads, self.width // self.heads])
        return tf.transpose(x, [1, 0, 2])

    def _dense(self, x: tf.Tensor, name: str, scale: float = 1.0) -> tf.Tensor:
        matrix = tf.constant(self.weights[f"{name}.weight"] * np.float32(scale))
        return tf.matmul(x, matrix, transpose_b=True) + self.weights[f"{name}.bias"] * np.float32(
            scale
        )

    def _norm(self, x: tf.Tensor, name: str) -> tf.Tensor:
        centred = x - tf.reduce_mean(x, axis=-1, keepdims=True)
        variance = tf.reduce_mean(centred * centred, axis=-1, keepdims=True)
        normed = centred * tf.math.rsqrt(variance + EPSILON)
        return normed * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def main() -> None:
    archive, folder = np.load(sys.argv[1]), Path(sys.argv[2])
    weights = {name: archive[name] for name in archive.files if name != "heads"}
    row = tf.TensorSpec([1, None], tf.int32)
    signature = tf.function(Classifier(weights, int(archive["heads"])), [row] * 3)
    module = tf.Module()
    function = signature.get_concrete_function()
    for name, optimizations in (("float32", []), ("int8", [tf.lite.Optimize.DEFAULT])):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
        converter.optimizations = optimizations
        (folder / f"{name}.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
