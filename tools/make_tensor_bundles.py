"""Makes the small TensorFlow checkpoint files that the tests of the bundle reader read.

    python tools/make_tensor_bundles.py tests/data/bundles

needs TensorFlow. `dtypes` has one tensor of each kind, `two_shards` lies in two data files,
and `object.ckpt` is of TensorFlow 2's kind.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf

NUMBERS = ("float32", "float16", "bfloat16", "float64", "int32", "int64", "uint8", "bool")


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    values = tf.reshape(tf.range(6), [2, 3])
    dtypes = {name: tf.cast(values, name) for name in NUMBERS}
    save(out / "dtypes", {**dtypes, "scalar": tf.constant(2.5), "text": tf.constant("not numbers")})
    tf.train.Checkpoint(variable=tf.Variable(values)).write(str(out / "object.ckpt"))
    halves = [out / "half_0", out / "half_1"]
    for index, half in enumerate(halves):
        save(half, {f"tensor_{index}": tf.fill([4], float(index + 1))})
    tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=[str(half) for half in halves],
        destination_prefix=str(out / "two_shards"),
        delete_old_dirs=False,
    )


def save(prefix: Path, tensors: dict[str, tf.Tensor]) -> None:
    names = sorted(tensors)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tensors[name] for name in names],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
