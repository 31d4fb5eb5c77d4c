"""Writes a BERT as GGUF in Q8_0 for llama.cpp: int8 in blocks of 32.

Runs in llama.cpp's environment. Usage: llama_model.py WEIGHTS.npz VOCABULARY OUTPUT.gguf; the
weights are under edgebert's canonical names, with `heads` and `epsilon` beside them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gguf
import numpy as np

RENAMES = (
    ("embeddings.word", "token_embd.weight"),
    ("embeddings.position", "position_embd.weight"),
    ("embeddings.segment", "token_types.weight"),
    ("embeddings.norm", "token_embd_norm"),
    ("layers.", "blk."),
    ("attention.query", "attn_q"),
    ("attention.key", "attn_k"),
    ("attention.value", "attn_v"),
    ("attention.output", "attn_output"),
    ("attention.norm", "attn_output_norm"),
    ("ffn.intermediate", "ffn_up"),
    ("ffn.output", "ffn_down"),
    ("ffn.norm", "layer_output_norm"),
)
"""edgebert's names to llama.cpp's, one after another."""

FLOAT32 = ("position_embd", "token_types", "norm")
"""What llama.cpp wants in float32, beside all vectors."""


def main() -> None:
    source, vocabulary, output = map(Path, sys.argv[1:])
    weights = dict(np.load(source))
    heads, epsilon = weights.pop("heads").item(), weights.pop("epsilon").item()
    weights = {n: w for n, w in weights.items() if n.startswith(("embeddings.", "layers."))}
    tokens = vocabulary.read_text(encoding="utf-8").split("\n")[: len(weights["embeddings.word"])]
    layers = 1 + max(int(n.split(".")[1]) for n in weights if n.startswith("layers."))
    writer = gguf.GGUFWriter(output, "bert")
    writer.add_context_length(len(weights["embeddings.position"]))
    writer.add_embedding_length(weights["embeddings.word"].shape[1])
    writer.add_feed_forward_length(len(weights["layers.0.ffn.intermediate.bias"]))
    writer.add_block_count(layers)
    writer.add_head_count(heads)
    writer.add_layer_norm_eps(epsilon)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_tokenizer_model("bert")
    writer.add_token_type_count(len(weights["embeddings.segment"]))
    # Ids come from outside; llama.cpp only wants to know its special tokens.
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens))
    for name, add in (
        ("[CLS]", writer.add_bos_token_id),
        ("[SEP]", writer.add_eos_token_id),
        ("[UNK]", writer.add_unk_token_id),
        ("[SEP]", writer.add_sep_token_id),
        ("[PAD]", writer.add_pad_token_id),
        ("[MASK]", writer.add_mask_token_id),
    ):
        add(tokens.index(name))
    for name, weight in weights.items():
        for ours, theirs in RENAMES:
            name = name.replace(ours, theirs)
        if weight.ndim == 1 or any(part in name for part in FLOAT32):
            writer.add_tensor(name, weight.astype(np.float32))
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
