"""Small random BERTs for tests of the graph: any shape, every head."""

import numpy as np

from edgebert.bert.config import BertConfig
from edgebert.bert.weights import HEADS, encoder_shapes, head_shapes

LABELS = 3


def small_config(**changes):
    values = {
        "vocab_size": 40,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "max_position_embeddings": 32,
    }
    return BertConfig(**{**values, **changes})


FAMILIES = {
    "BERT": {},
    "DistilBERT": {"type_vocab_size": 0, "pooler_act": "relu"},
    "ELECTRA": {"embedding_size": 6, "projection": "embeddings", "pooler_act": "gelu"},
    "ALBERT": {
        "embedding_size": 6,
        "projection": "embeddings",
        "shared_layers": True,
        "num_hidden_layers": 3,
        "hidden_act": "gelu_tanh",
    },
    "MobileBERT": {
        "embedding_size": 6,
        "projection": "words",
        "trigrams": True,
        "bottleneck_size": 8,
        "num_feedforward_networks": 3,
        "norm": "no_norm",
        "hidden_act": "relu",
    },
}
"""What the config of each family sets beside plain values, in small."""


def random_weights(config, seed=0, labels=LABELS):
    """All weights of the encoder and of every head; norms near 1, biases far from 0."""
    random = np.random.default_rng(seed)
    shapes = dict(encoder_shapes(config))
    for head in HEADS:
        for name, shape in head_shapes(head, config).items():
            shapes[name] = tuple(labels if size == -1 else size for size in shape)
    weights = {}
    for name, shape in shapes.items():
        values = random.standard_normal(shape, dtype=np.float32)
        if name.endswith("norm.weight"):
            weights[name] = 1 + values * np.float32(0.2)
        else:
            weights[name] = values * np.float32(0.3)
    return weights
