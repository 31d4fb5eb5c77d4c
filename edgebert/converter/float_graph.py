"""Files whose values are float32 while they run, whatever their weights are stored in.

One graph takes texts of any length; or several take one fixed length each, for what wants that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edgebert.bert.tasks import TASKS, TaskName
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.bert_graph import build_fixed_graphs, build_graph
from edgebert.converter.head import POSITIONS, Head
from edgebert.converter.lengths import fixed_lengths
from edgebert.converter.options import SHORTEST, Options
from edgebert.converter.recipe import BuildAids, Built
from edgebert.converter.targets import ANY, require_type
from edgebert.converter.weight_storage import Stored, WeightStorage
from edgebert.errors import EdgebertError
from edgebert.model_file.fixed_graphs import FloatGraphs
from edgebert.runtime.session import INPUTS

SIGNATURE = "serving_default"
"""Key of the only graph's signature, by TensorFlow's convention."""


@dataclass(frozen=True)
class FloatPlan:
    """A `recipe.GraphPlan`.

    Attributes:
        max_length: most tokens of an input.
        storage: of the weights.
        float16_steps: see `recipe.Built`.
        lengths: that graphs take; none: one takes any.
        target: see `recipe.Built`.
    """

    max_length: int
    storage: WeightStorage
    float16_steps: bool = False
    lengths: tuple[int, ...] = ()
    target: str = ANY

    def build(self, checkpoint: Checkpoint, head: Head, aids: BuildAids) -> Built:
        """Builds the graphs."""
        return self.write(checkpoint, head)

    def write(
        self,
        checkpoint: Checkpoint,
        head: Head,
        matrices: Mapping[str, Stored] = MappingProxyType({}),
    ) -> Built:
        """Writes the graphs; `matrices` are those that are stored already, by name."""
        model = (checkpoint.config, checkpoint.weights, head, self.storage)
        if not self.lengths:
            graph = build_graph(*model, matrices)
            return Built({SIGNATURE: graph}, float16_steps=self.float16_steps)
        return Built(
            build_fixed_graphs(*model, self.lengths, matrices),
            fixed=fixed_inputs(head.task, self.lengths),
            target=self.target,
            float16_steps=self.float16_steps,
        )


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
        longest = usable_length(options, checkpoint)
        lengths = chosen_lengths(options, checkpoint)
        if not lengths:
            return FloatPlan(longest, self.storage, self.float16_steps)
        target = options.target or ANY
        require_type(target, "float32", "--quantize int8-full")
        return FloatPlan(max(lengths), self.storage, self.float16_steps, lengths, target)


def chosen_lengths(options: Options, checkpoint: Checkpoint) -> tuple[int, ...]:
    """Tokens that graphs of fixed lengths take, ascending; none where the length stays open.

    Raises:
        EdgebertError: the checkpoint does not take one, or the longest is given twice.
    """
    if not (options.lengths or options.target):
        return ()
    if options.max_length is not None:
        raise EdgebertError("--length gives fixed lengths, --max-length the most; use one")
    return fixed_lengths(options.lengths, checkpoint)


def fixed_inputs(task: TaskName, lengths: tuple[int, ...]) -> FloatGraphs:
    """What the record says of graphs of fixed lengths."""
    inputs = TASKS[task].inputs
    return FloatGraphs(lengths, (*INPUTS, *inputs), 0, POSITIONS if inputs else None)


def usable_length(options: Options, checkpoint: Checkpoint) -> int:
    """Most tokens of an input of open length: as asked for, or all that the checkpoint takes.

    Raises:
        EdgebertError: the checkpoint takes no such length.
    """
    positions = checkpoint.config.max_position_embeddings
    if options.max_length is None:
        return min(checkpoint.tokenizer.max_length, positions)
    length = options.max_length
    if type(length) is not int or not SHORTEST <= length <= positions:
        raise EdgebertError(
            f"max length {length}: {checkpoint.source} takes {SHORTEST} to {positions} tokens"
        )
    return length
