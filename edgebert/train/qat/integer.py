"""What an `int8-full` file computes, in TensorFlow: the converter's own graph and rewriting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgebert.arrays import Array
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.learned import Learned, Scales, weights_fingerprint
from edgebert.converter.full_integer.calibrate import CONTEXT, JOINED
from edgebert.converter.full_integer.convert import ConversionSource, apply_steps, plan_storage
from edgebert.converter.full_integer.integer_graph import (
    INPUTS,
    Interface,
    write_graph,
)
from edgebert.converter.full_integer.storage import Range
from edgebert.converter.full_integer.texts import MOST
from edgebert.converter.full_integer.transforms import Steps, with_learned_scales
from edgebert.converter.head import Head
from edgebert.converter.lengths import USUAL_LENGTH
from edgebert.tokenizer.tokenizer import Encoding
from edgebert.train.dropout import NO_DROPOUT, Dropout
from edgebert.train.network import EncoderOutput, ModelInputs
from edgebert.train.qat.emitter import RoundingEmitter
from edgebert.train.qat.network import QatNetwork
from edgebert.train.qat.quantisers import Quantisers
from edgebert.train.qat.tensor_array import as_weights

_RANGES = "ranges/"

_LENGTHS = (USUAL_LENGTH, 128, 256, 512)
"""Of inputs: the first that takes all texts is the length of the file."""


@dataclass(frozen=True)
class Calibration:
    """What calibration finds before training, and training goes on from.

    Attributes:
        scales: of the graph; they stay.
        ranges: of its values, by name; training updates them.
        first_id: id of [CLS].
        length: tokens of the longest input that the file will take.
        texts: that will be learned from.
        tokens: of all of them.
    """

    scales: Scales
    ranges: Mapping[str, Range]
    first_id: int
    length: int
    texts: int
    tokens: int


def calibrate(checkpoint: Checkpoint, head: Head, encodings: Sequence[Encoding]) -> Calibration:
    """Scales and ranges of a checkpoint on at most `MOST` of some texts, evenly drawn."""
    longest = max(each.length for each in encodings)
    length = next((size for size in _LENGTHS if size >= longest), longest)
    length = min(length, checkpoint.tokenizer.max_length)
    number = {piece: at for at, piece in enumerate(checkpoint.vocabulary)}
    first_id = number["[CLS]"]
    original = ConversionSource(
        weights=checkpoint.weights,
        config=checkpoint.config,
        head=head,
        interface=Interface(INPUTS, number["[PAD]"], number["[SEP]"]),
        first_id=first_id,
        longest=length,
    )
    drawn = encodings[:: -(-len(encodings) // MOST)]
    transformed = apply_steps(original, Steps(), drawn)
    plan = plan_storage(original, transformed, Steps(), drawn, "int8")
    scales = Scales(
        mask=transformed.mask,
        rows=dict(transformed.row_scales),
        channels={name: tuple(map(float, s)) for name, s in transformed.channel_scales.items()},
    )
    tokens = sum(each.length for each in encodings)
    return Calibration(scales, plan.ranges, first_id, length, len(encodings), tokens)


class IntegerNetwork(QatNetwork):
    """A network for one task, rounded as an `int8-full` file of it is.

    Args:
        checkpoint: a plain BERT.
        head: what is computed.
        start: from calibration on texts that it will learn from.

    Raises:
        EdgebertError: as `Network`.
    """

    traced_per_shape = True

    def __init__(self, checkpoint: Checkpoint, head: Head, start: Calibration) -> None:
        super().__init__(checkpoint.config, checkpoint.weights, head, Quantisers(start.ranges))
        self._start = start
        self._make_quantisers(2)
        self.buffers = self._quantisers.ranges

    def call(self, inputs: ModelInputs, dropout: Dropout = NO_DROPOUT) -> EncoderOutput:
        """Runs all of the model, the head too; with a key for dropout, ranges are updated."""
        inputs = ModelInputs(*inputs)
        start = self._start
        transformed = with_learned_scales(
            as_weights(self._arrays()), self.config, start.scales, start.first_id
        )
        emitter = RoundingEmitter(
            transformed.weights, inputs, self._quantisers, start.length, dropout
        )
        interface = Interface(INPUTS, 0, 0)  # ids alone tell nothing here
        length = inputs.ids.shape[1]
        write_graph(transformed, self._head, interface, length, emitter)
        return EncoderOutput([emitter.result], [], inputs.mask)

    def canonical_weights(self) -> dict[str, Array]:
        """The weights, and the range of each value as `ranges/NAME`."""
        ranges = self._quantisers.current_ranges()
        shared = {
            n.removesuffix(CONTEXT) + JOINED: s for n, s in ranges.items() if n.endswith(CONTEXT)
        }
        saved = {
            f"{_RANGES}{name}": np.array(s, np.float32) for name, s in (ranges | shared).items()
        }
        return {**super().canonical_weights(), **saved}

    def to_checkpoint(self, start: Checkpoint, found: Mapping[str, Array]) -> Checkpoint:
        """The checkpoint of a run, with the ranges beside its weights."""
        weights = {name: array for name, array in found.items() if not name.startswith(_RANGES)}
        learned = Learned(
            weights=weights_fingerprint(weights),
            scales=self._start.scales,
            ranges={
                name.removeprefix(_RANGES): tuple(map(float, found[name]))
                for name in found.keys() - weights.keys()
            },
            length=self._start.length,
            texts=self._start.texts,
            tokens=self._start.tokens,
        )
        return replace(start, weights=weights, learned=learned)
