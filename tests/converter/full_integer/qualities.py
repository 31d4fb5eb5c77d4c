"""A quantisation report such as a small model gives."""

import math

from edgebert.converter.full_integer.quality import (
    QuantizationReport,
    StepQuality,
    ValueQuality,
)

STEPS = (
    "plain graph", "mask", "fold biases", "centre", "dot-product variance", "row scales",
    "channel scales",
)  # fmt: skip
PARTS = (
    ("attention.query", "FULLY_CONNECTED"), ("attention.scores", "BATCH_MATMUL"),
    ("attention.probabilities", "SOFTMAX"), ("attention.norm", "MUL"), ("ffn.active", "GELU"),
    ("ffn.norm", "MUL"),
)  # fmt: skip


def value(name="layers.0.ffn.norm", op="MUL", cosine=0.99, magnitude=3.0):
    return ValueQuality(
        name=name,
        op=op,
        dtype="int8",
        scale=magnitude / 127,
        zero_point=-3,
        minimum=-magnitude / 2,
        maximum=magnitude,
        cosine=cosine,
        saturated=0.001,
    )


def step(number, layers=6, name=None):
    """Every step is better than the one before; later layers are worse."""
    error = 0.6 * 0.5**number
    values = [
        value(
            f"layers.{layer}.{part}",
            op,
            1 - error * (1 + math.sin(9 * at + layer)) * (layer + 1) / 12 - 1e-7,
            magnitude=200 / (number + 1) / (at + 1),
        )
        for layer in range(layers)
        for at, (part, op) in enumerate(PARTS)
    ]
    return StepQuality(name or STEPS[number], 1 - error, 1 - 1.5 * error, tuple(values))


def sample(steps=7, layers=6):
    made = tuple(step(number, layers) for number in range(steps))
    ranges = {each.name: (each.minimum, each.maximum) for each in made[-1].values}
    return QuantizationReport(made, ranges)
