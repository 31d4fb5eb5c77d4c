"""A checkpoint small enough to be made anew for each test: one layer, four wide, ten words."""

import json

import numpy as np
from safetensors.numpy import save

VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "##d", ".")
CONFIG = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "vocab_size": 10,
    "hidden_size": 4,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "max_position_embeddings": 6,
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}
_SHAPES = {
    "embeddings.word_embeddings.weight": (10, 4),
    "embeddings.position_embeddings.weight": (6, 4),
    "embeddings.token_type_embeddings.weight": (2, 4),
    "embeddings.LayerNorm.weight": (4,),
    "embeddings.LayerNorm.bias": (4,),
    "encoder.layer.0.attention.self.query.weight": (4, 4),
    "encoder.layer.0.attention.self.query.bias": (4,),
    "encoder.layer.0.attention.self.key.weight": (4, 4),
    "encoder.layer.0.attention.self.key.bias": (4,),
    "encoder.layer.0.attention.self.value.weight": (4, 4),
    "encoder.layer.0.attention.self.value.bias": (4,),
    "encoder.layer.0.attention.output.dense.weight": (4, 4),
    "encoder.layer.0.attention.output.dense.bias": (4,),
    "encoder.layer.0.attention.output.LayerNorm.weight": (4,),
    "encoder.layer.0.attention.output.LayerNorm.bias": (4,),
    "encoder.layer.0.intermediate.dense.weight": (8, 4),
    "encoder.layer.0.intermediate.dense.bias": (8,),
    "encoder.layer.0.output.dense.weight": (4, 8),
    "encoder.layer.0.output.dense.bias": (4,),
    "encoder.layer.0.output.LayerNorm.weight": (4,),
    "encoder.layer.0.output.LayerNorm.bias": (4,),
}


def tensors() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(7)
    return {name: draw.normal(size=shape).astype(np.float32) for name, shape in _SHAPES.items()}


def files() -> dict[str, bytes]:
    """A Hugging Face folder, by file name."""
    return {
        "config.json": json.dumps(CONFIG).encode(),
        "vocab.txt": "\n".join(VOCABULARY).encode(),
        "tokenizer_config.json": b'{"do_lower_case": true}',
        "model.safetensors": save(tensors()),
    }


def write(folder):
    folder.mkdir(parents=True)
    for name, data in files().items():
        (folder / name).write_bytes(data)
    return folder
