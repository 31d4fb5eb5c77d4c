"""The network that a run trains: plain, or rounded as the file that it will become."""

from __future__ import annotations

from collections.abc import Sequence

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.converter.options import Options
from edgebert.converter.plan import plan
from edgebert.train.examples import Example
from edgebert.train.network import Network
from edgebert.train.settings import Settled


def network_for(start: Checkpoint, settings: Settled, examples: Sequence[Example]) -> Network:
    """The network of a run.

    Args:
        start: with the heads of its task.
        settings: of the run.
        examples: that it will learn from; the first ranges are those of some of them.

    Raises:
        EdgebertError: another family, or tensorflow-model-optimization is needed and not there.
    """
    if settings.qat is None:
        return Network(start.config, start.weights, precision=settings.precision)
    head = plan(Options(quantize="float32"), start).head
    if settings.qat == "int8":
        from edgebert.train.qat.dynamic import DynamicNetwork

        return DynamicNetwork(start.config, start.weights, head, start.tokenizer.max_length)
    from edgebert.train.qat.integer import IntegerNetwork, calibrated

    texts = [each for example in examples for each in example.inputs]
    return IntegerNetwork(start, head, calibrated(start, head, texts))
