"""Writes an int8 BERT for OpenVINO: its own ops, quantised by NNCF on real texts.

Runs in OpenVINO's environment. Usage: openvino_model.py WEIGHTS.npz VOCABULARY TEXTS OUTPUT.xml;
the weights are under edgebert's canonical names, with `heads`, `epsilon` and `embeds` beside them;
TEXTS has one text a line. The graph is the usual one (arXiv 1810.04805), as exporters write it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nncf
import numpy as np
import openvino
from engines.interface import feeds
from openvino import opset13 as ops
from tokenizers.implementations import BertWordPieceTokenizer

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Bert:
    """The graph in the making.

    Args:
        weights: float32 by name.
        heads: of attention.
        epsilon: of layer norms.
    """

    def __init__(self, weights: dict[str, Any], heads: int, epsilon: float) -> None:
        self.weights = weights
        self.heads = heads
        self.epsilon = epsilon
        self.width = weights["embeddings.norm.weight"].shape[0]
        self.layers = 1 + max(int(n.split(".")[1]) for n in weights if n.startswith("layers."))

    def model(self, embeds: bool) -> openvino.Model:
        """A sentence vector [1, H], or logits [1, K]."""
        inputs = [ops.parameter([1, -1], np.int32, name=name) for name in INPUTS]
        for node, name in zip(inputs, INPUTS, strict=True):
            node.output(0).set_names({name})
        ids, mask, segments = inputs
        hidden = self.embeddings(ids, segments)
        shown = ops.convert(ops.reshape(mask, [1, 1, 1, -1], False), "f32")
        bias = ops.multiply(ops.subtract(shown, np.float32(1)), np.float32(10_000))
        for layer in range(self.layers):
            hidden = self.layer(hidden, bias, f"layers.{layer}")
        return openvino.Model([self.vector(hidden) if embeds else self.logits(hidden)], inputs)

    def embeddings(self, ids: Any, segments: Any) -> Any:
        """[1, n, H]."""
        tokens = ops.gather(ops.shape_of(ids, "i32"), 1, 0)
        positions = ops.range(0, tokens, 1, "i32")
        words = ops.gather(self.weights["embeddings.word"], ids, 0)
        places = ops.gather(self.weights["embeddings.position"], positions, 0)
        kinds = ops.gather(self.weights["embeddings.segment"], segments, 0)
        return self.norm(ops.add(ops.add(words, kinds), places), "embeddings.norm")

    def layer(self, x: Any, bias: Any, p: str) -> Any:
        """[1, n, H]."""
        x = self.norm(ops.add(x, self.attention(x, bias, f"{p}.attention")), f"{p}.attention.norm")
        inner = ops.gelu(self.dense(x, f"{p}.ffn.intermediate"), "erf")
        return self.norm(ops.add(x, self.dense(inner, f"{p}.ffn.output")), f"{p}.ffn.norm")

    def attention(self, x: Any, bias: Any, p: str) -> Any:
        """[1, n, H]."""
        size = self.width // self.heads
        query, key, value = (
            ops.transpose(
                ops.reshape(self.dense(x, f"{p}.{part}"), [0, 0, self.heads, size], True),
                [0, 2, 1, 3],
            )
            for part in ("query", "key", "value")
        )
        scores = ops.multiply(ops.matmul(query, key, False, True), np.float32(size**-0.5))
        mixed = ops.matmul(ops.softmax(ops.add(scores, bias), -1), value, False, False)
        joined = ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [0, 0, self.width], True)
        return self.dense(joined, f"{p}.output")

    def vector(self, hidden: Any) -> Any:
        """Mean of the tokens, of length 1."""
        return ops.normalize_l2(ops.reduce_mean(hidden, [1]), [1], 1e-12, "max")

    def logits(self, hidden: Any) -> Any:
        """Of the classifier, [1, K]."""
        first = ops.squeeze(ops.slice(hidden, [0], [1], [1], [1]), [1])
        return self.dense(ops.tanh(self.dense(first, "pooler")), "classifier")

    def dense(self, x: Any, name: str) -> Any:
        """Rows times a matrix, plus its bias."""
        product = ops.matmul(x, self.weights[f"{name}.weight"], False, True)
        return ops.add(product, self.weights[f"{name}.bias"])

    def norm(self, x: Any, name: str) -> Any:
        """Layer norm over the last axis."""
        scaled = ops.mvn(x, [-1], True, self.epsilon, "inside_sqrt")
        scaled = ops.multiply(scaled, self.weights[f"{name}.weight"])
        return ops.add(scaled, self.weights[f"{name}.bias"])


def main() -> None:
    source, vocabulary, texts, output = map(Path, sys.argv[1:])
    weights = dict(np.load(source))
    heads, epsilon, embeds = (weights.pop(name).item() for name in ("heads", "epsilon", "embeds"))
    tokenizer = BertWordPieceTokenizer(str(vocabulary))
    lines = texts.read_text(encoding="utf-8").splitlines()
    quantized = nncf.quantize(
        Bert(weights, heads, epsilon).model(bool(embeds)),
        nncf.Dataset([feeds(tokenizer.encode(line).ids, np.int32) for line in lines]),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(lines),
    )
    openvino.save_model(quantized, output, compress_to_fp16=False)


if __name__ == "__main__":
    main()
