"""BERT's forward pass in float64, as the paper has it: checks that weights were read right.

Slow and plain on purpose; shares no code with the converter.
"""

from __future__ import annotations

import math

import numpy as np

from edgebert.checkpoints.checkpoint import Checkpoint

ERF = np.vectorize(math.erf)
ACTIVATIONS = {
    "gelu": lambda x: x * 0.5 * (1 + ERF(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: np.maximum(x, 0),
}


class Bert:
    """The outputs of a checkpoint for one sequence of ids."""

    def __init__(self, checkpoint: Checkpoint, ids: list[int], segments: list[int]) -> None:
        self.checkpoint, self.config = checkpoint, checkpoint.config
        self.w = {name: array.astype(np.float64) for name, array in checkpoint.weights.items()}
        x = self.w["embeddings.word"][ids] + self.w["embeddings.segment"][segments]
        x = self.norm("embeddings.norm", x + self.w["embeddings.position"][: len(ids)])
        for layer in range(self.config.num_hidden_layers):
            x = self.layer(f"layers.{layer}", x)
        self.hidden = x

    def linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def norm(self, name: str, x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scale = np.sqrt(centred.var(-1, keepdims=True) + self.config.layer_norm_eps)
        return centred / scale * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    def layer(self, name: str, x: np.ndarray) -> np.ndarray:
        heads, size = self.config.num_attention_heads, self.config.head_size
        q, k, v = (
            self.linear(f"{name}.attention.{part}", x).reshape(-1, heads, size).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        scores = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(size))
        context = (scores / scores.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(x.shape)
        attended = self.linear(f"{name}.attention.output", context)
        x = self.norm(f"{name}.attention.norm", x + attended)
        activation = ACTIVATIONS[self.config.hidden_act]
        inner = activation(self.linear(f"{name}.ffn.intermediate", x))
        return self.norm(f"{name}.ffn.norm", x + self.linear(f"{name}.ffn.output", inner))

    def pooled(self) -> np.ndarray:
        return np.tanh(self.linear("pooler", self.hidden[0]))

    def word_logits(self) -> np.ndarray:
        activation = ACTIVATIONS[self.config.hidden_act]
        x = self.norm("mlm.norm", activation(self.linear("mlm.transform", self.hidden)))
        return x @ self.w["embeddings.word"].T + self.w["mlm.bias"]

    def outputs(self) -> dict[str, np.ndarray]:
        """What an `expected.json` may hold, by its names."""
        heads = self.checkpoint.heads
        found = {"cls_hidden": self.hidden[0], "embedding": self.sentence_vector()}
        if "classifier" in heads:
            found["logits"] = self.linear("classifier", self.pooled())
        if "tagger" in heads:
            found["logits"] = self.linear("tagger", self.hidden)
        if "answerer" in heads:
            found["start_logits"], found["end_logits"] = self.linear("answerer", self.hidden).T
        if "nsp" in heads:
            found["nsp_logits"] = self.linear("nsp", self.pooled())
        if "mlm" in heads:
            words = self.word_logits()
            found["mlm_argmax"], found["mlm_first"] = words.argmax(-1), words[0, :16]
        return found

    def sentence_vector(self) -> np.ndarray:
        vector = self.hidden[0] if self.checkpoint.pooling == "cls" else self.hidden.mean(0)
        return vector / np.linalg.norm(vector) if self.checkpoint.normalize else vector
