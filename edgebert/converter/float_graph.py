"""Files whose values are float32 while they run, whatever their weights are stored in.

One graph takes texts of any length.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.bert_graph import build_graph
from edgebert.converter.head import Head
from edgebert.converter.options import SHORTEST, Options
from edgebert.converter.recipe import BuildAids, Built
from edgebert.converter.weight_storage import WeightStorage
from edgebert.errors import EdgebertError

SIGNATURE = "serving_default"
"""Key of the only graph's signature, by TensorFlow's convention."""


@dataclass(frozen=True)
class FloatPlan:
    """A `recipe.GraphPlan`.

    Attributes:
        max_length: most tokens of an input.
        storage: of the weights.
        float16_steps: see `recipe.Built`.
    """

    max_length: int
    storage: WeightStorage
    float16_steps: bool = False

    def build(self, checkpoint: Checkpoint, head: Head, aids: BuildAids) -> Built:
        """Builds the graph."""
        graph = build_graph(checkpoint.config, checkpoint.weights, head, self.storage)
        return Built({SIGNATURE: graph}, float16_steps=self.float16_steps)


@dataclass(frozen=True)
class FloatMethod:
    """A `recipe.GraphMethod`, with the same attributes."""

    storage: WeightStorage
    float16_steps: bool = False

    def plan(self, options: Options, checkpoint: Checkpoint, head: Head) -> FloatPlan:
        """Decides every choice.

        Raises:
            EdgebertError: the checkpoint cannot serve one.
        """
        if self.float16_steps and checkpoint.config.norm == "no_norm":
            raise EdgebertError(
                f"{checkpoint.source}: a MobileBERT's activations leave the range of float16, in "
                f"which files for {options.runtime} may compute; convert it for litert"
            )
        return FloatPlan(_max_length(options, checkpoint), self.storage, self.float16_steps)


def _max_length(options: Options, checkpoint: Checkpoint) -> int:
    positions = checkpoint.config.max_position_embeddings
    if options.max_length is None:
        return min(checkpoint.tokenizer.max_length, positions)
    if not SHORTEST <= options.max_length <= positions:
        raise EdgebertError(
            f"max length {options.max_length}: {checkpoint.source} takes {SHORTEST} to "
            f"{positions} tokens"
        )
    return options.max_length
