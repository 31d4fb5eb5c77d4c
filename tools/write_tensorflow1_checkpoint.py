"""Writes the arrays of an .npz as a TensorFlow checkpoint, one variable each.

    python tools/write_tensorflow1_checkpoint.py variables.npz folder/bert_model.ckpt

needs TensorFlow and nothing else of this project's tools. Called by make_reference_checkpoints.py.
"""

from __future__ import annotations

import sys

import numpy as np
import tensorflow as tf


def write(variables: dict[str, np.ndarray], prefix: str) -> None:
    """Saves `variables` as `<prefix>.index` and `<prefix>.data-00000-of-00001`."""
    names = sorted(variables)
    tensors = [tf.constant(variables[name]) for name in names]
    tf.raw_ops.SaveV2(
        prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors
    )


if __name__ == "__main__":
    with np.load(sys.argv[1]) as arrays:
        write(dict(arrays), sys.argv[2])
