"""Writes an int8 BERT for CTranslate2, with its own specification, as its converter does.

Runs in CTranslate2's environment. Usage: ctranslate2_model.py WEIGHTS.npz VOCABULARY OUTPUT; OUTPUT
becomes a folder, where `head.npz` has what is computed after the encoder. The weights are under
edgebert's canonical names, with `heads`, `epsilon` and `embeds` beside them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.converters import utils
from ctranslate2.specs import common_spec, transformer_spec


def specification(
    weights: dict[str, Any], heads: int, epsilon: float, embeds: bool, vocabulary: list[str]
) -> transformer_spec.TransformerEncoderModelSpec:
    """The model as CTranslate2 describes it."""
    layers = 1 + max(int(n.split(".")[1]) for n in weights if n.startswith("layers."))
    encoder = transformer_spec.TransformerEncoderSpec(
        layers,
        heads,
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    spec = transformer_spec.TransformerEncoderModelSpec(
        encoder, pooling_layer=not embeds, pooling_activation=common_spec.Activation.Tanh
    )
    encoder.scale_embeddings = False

    def linear(part: Any, name: str) -> Any:
        part.weight, part.bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return part

    def norm(part: Any, name: str) -> None:
        part.gamma, part.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]

    encoder.embeddings[0].weight = weights["embeddings.word"]
    encoder.embeddings[1].weight = weights["embeddings.segment"]
    encoder.position_encodings.encodings = weights["embeddings.position"]
    norm(encoder.layernorm_embedding, "embeddings.norm")
    for number, layer in enumerate(encoder.layer):
        p, attention = f"layers.{number}", layer.self_attention
        parts = ("query", "key", "value")
        split = [linear(common_spec.LinearSpec(), f"{p}.attention.{part}") for part in parts]
        utils.fuse_linear(attention.linear[0], split)
        linear(attention.linear[1], f"{p}.attention.output")
        norm(attention.layer_norm, f"{p}.attention.norm")
        linear(layer.ffn.linear_0, f"{p}.ffn.intermediate")
        linear(layer.ffn.linear_1, f"{p}.ffn.output")
        norm(layer.ffn.layer_norm, f"{p}.ffn.norm")
    if not embeds:
        linear(spec.pooler_dense, "pooler")
    spec.register_vocabulary(vocabulary)
    spec.config.unk_token = "[UNK]"  # noqa: S105 - a piece
    spec.config.layer_norm_epsilon = epsilon
    return spec


def main() -> None:
    source, vocabulary, output = map(Path, sys.argv[1:])
    weights = dict(np.load(source))
    heads, epsilon, embeds = (weights.pop(name).item() for name in ("heads", "epsilon", "embeds"))
    tokens = vocabulary.read_text(encoding="utf-8").split("\n")[: len(weights["embeddings.word"])]
    spec = specification(weights, heads, epsilon, bool(embeds), tokens)
    spec.validate()
    spec.optimize(quantization="int8")
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    spec.save(str(output))
    head = {name: weights[name] for name in weights if name.startswith("classifier.")}
    np.savez(output / "head.npz", **head)


if __name__ == "__main__":
    main()
