"""Models whose answers are known."""

from dataclasses import dataclass, field

import numpy as np
import pytest

import edgebert
from tests.conftest import RUNTIME
from tests.runtime import tokenwise


@pytest.fixture(scope="session")
def tokenwise_model(kept):
    """Gives the model of `tokenwise` for a task."""
    models = {}

    def model_of(task):
        if task not in models:
            path = kept(f"tokenwise-{task}", lambda path: tokenwise.write(path, task, RUNTIME))
            models[task] = edgebert.load(path)
        return models[task]

    yield model_of
    for model in models.values():
        model.close()


@dataclass
class FakeSession:
    """Gives logits by chance, another [n, width] for each input, and keeps them."""

    width: int
    seed: int = 0
    outputs: list = field(default_factory=list)

    def run(self, ids, segment_ids=None):
        random = np.random.default_rng((self.seed, len(self.outputs)))
        self.outputs.append(random.standard_normal((len(ids), self.width), dtype=np.float32))
        return self.outputs[-1][None]
