"""One machine or many: the devices on which a run goes through `tf.distribute`.

Variables that are made within `distributed` are on every device. Each device computes the gradient
of its parts of a batch; what comes of all of them is added up, and each makes the same step.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from edgebert.arrays import Array
from edgebert.errors import EdgebertError
from edgebert.train.backend import tf
from edgebert.train.cluster import SINGLE_WORKER, VARIABLE, Cluster, read_cluster

_Numbers: TypeAlias = npt.NDArray[Any]

_GATHERED = 1 << 16  # rows that go over the network together

STRATEGIES = ("auto", "mirrored", "multi-worker")


@contextlib.contextmanager
def distributed(
    name: str = "auto", notify: Callable[[str], None] = lambda line: None
) -> Iterator[Cluster]:
    """Trains what is trained in the block on several devices; to be called before TensorFlow runs.

    Args:
        name: `multi-worker`: all that `TF_CONFIG` names; `mirrored`: all GPUs of this machine;
            `auto`: the first of the two for which there is more than one, else one device.
        notify: given a line where others must be waited for.

    Yields:
        The workers; `SINGLE_WORKER` where there is one.

    Raises:
        EdgebertError: no such strategy, `TF_CONFIG` does not go with it, or a worker was lost.
    """
    cluster = read_cluster()
    kind = _resolve(name, cluster)
    if kind != "multi-worker":
        with _enough_memory(), _ONE_MACHINE[kind]().scope():
            yield SINGLE_WORKER
        return
    notify(f"worker {cluster.index} of {len(cluster.workers)}: waiting for the others")
    tf.get_logger().setLevel("ERROR")
    try:
        with _enough_memory(), tf.distribute.MultiWorkerMirroredStrategy().scope():
            yield cluster
    except tf.errors.OpError as error:
        raise EdgebertError(
            f"worker {cluster.index} of {len(cluster.workers)}: lost another one "
            f"({type(error).__name__}); see what that one says, and start all again with --resume"
        ) from error


@contextlib.contextmanager
def _enough_memory() -> Iterator[None]:
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise EdgebertError(
            "a device has not enough memory: give a larger --accumulate, which trains the same in "
            "smaller parts, or a smaller --batch-size or --max-length"
        ) from error


def _resolve(name: str, cluster: Cluster) -> str:
    several = len(cluster.workers) > 1
    if name not in STRATEGIES:
        raise EdgebertError(f"strategy {name!r}; accepted: {', '.join(STRATEGIES)}")
    if name == "multi-worker" and cluster == SINGLE_WORKER:
        raise EdgebertError(
            f"strategy multi-worker: the variable {VARIABLE} must name all workers and this one, "
            "as TensorFlow documents it"
        )
    if name == "mirrored" and several:
        raise EdgebertError(
            f"strategy mirrored is for one machine, and {VARIABLE} names {len(cluster.workers)} "
            "workers: unset it, or take multi-worker"
        )
    if name != "auto":
        return name
    if several:
        return "multi-worker"
    return "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "one device"


_ONE_MACHINE: Mapping[str, Callable[[], Any]] = {
    "one device": tf.distribute.get_strategy,
    "mirrored": tf.distribute.MirroredStrategy,
}


def current_cluster() -> Cluster:
    """The workers of the strategy in whose scope this is called."""
    several = isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)
    return read_cluster() if several else SINGLE_WORKER


def replica_count() -> int:
    """On how many devices, of all workers, a step is made."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def worker_folder(path: Path) -> Path:
    """A folder that no other worker uses, even on a disk that all share; the chief's is `path`."""
    index = current_cluster().index
    return path if index == 0 else path.with_name(f"{path.name}-{index}")


def own_shard(count: int) -> range:
    """Which of so many rows this worker is to make; those of all workers follow each other."""
    workers = current_cluster()
    ends = [count * index // len(workers.workers) for index in (workers.index, workers.index + 1)]
    return range(*ends)


def all_gather(rows: Array, own: range, count: int) -> Array:
    """Rows of all workers in one array [count, …]; each worker gives those of its `own` numbers."""
    if current_cluster() == SINGLE_WORKER:
        return rows
    found = np.zeros((count, *rows.shape[1:]), rows.dtype)
    for start in range(0, count, _GATHERED):
        block = found[start : start + _GATHERED]
        places = np.arange(max(start, own.start), min(start + len(block), own.stop))
        block[places - start] = rows[places - own.start]
        found[start : start + len(block)] = sum_over_workers({"": block})[""]
    return found


def run_on_replicas(function: Callable[[], Any]) -> Sequence[Any]:
    """Calls it once for each device of this process; gives what comes of the first.

    Within, `own_micro_batches` and `all_reduce_sum` are at hand.
    """
    strategy = tf.distribute.get_strategy()
    return [strategy.experimental_local_results(each)[0] for each in strategy.run(function)]


def own_micro_batches(count: int) -> range:
    """Which of the parts of a batch this device is to run."""
    context = tf.distribute.get_replica_context()
    return range(int(context.replica_id_in_sync_group), count, context.num_replicas_in_sync)


def all_reduce_sum(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The sums over all devices of float32 tensors by name, in one go."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return dict(tensors)
    names = sorted(tensors)
    flat = tf.concat([tf.reshape(tensors[name], [-1]) for name in names], 0)
    total = context.all_reduce(tf.distribute.ReduceOp.SUM, flat)
    pieces = tf.split(total, [math.prod(tensors[name].shape) for name in names])
    return {
        name: tf.reshape(piece, tensors[name].shape)
        for name, piece in zip(names, pieces, strict=True)
    }


def barrier() -> None:
    """Returns when all workers have come here."""
    sum_over_workers({"": np.zeros(1, np.float32)})


def check_workers_agree(config: Mapping[str, Any]) -> None:
    """Makes sure that all workers were given the same as the chief.

    Args:
        config: plain JSON values.

    Raises:
        EdgebertError: names those that were not; on all workers.
    """
    workers = current_cluster()
    text = json.dumps(config, sort_keys=True).encode()
    own = np.frombuffer(hashlib.sha256(text).digest(), np.uint8).astype(np.int32)
    differs = not np.array_equal(own, broadcast_from_chief({"": own})[""])
    marks = np.zeros(len(workers.workers), np.int32)
    marks[workers.index] = differs
    wrong = np.flatnonzero(sum_over_workers({"": marks})[""])
    if wrong.size:
        raise EdgebertError(
            f"worker {', '.join(map(str, wrong))} was given other options, data or weights than "
            "worker 0: give all the same"
        )


def chief_decides(yes: bool) -> bool:
    """Whether it is so on the chief."""
    return bool(broadcast_from_chief({"": np.array([yes], np.int32)})[""][0])


def broadcast_from_chief(values: Mapping[str, _Numbers]) -> dict[str, _Numbers]:
    """The chief's values on all workers; names, shapes and types must be the same everywhere."""
    is_chief = current_cluster().is_chief
    return sum_over_workers(
        {name: value if is_chief else np.zeros_like(value) for name, value in values.items()}
    )


def sum_over_workers(values: Mapping[str, _Numbers]) -> dict[str, _Numbers]:
    """The sums of arrays over all workers."""
    if current_cluster() == SINGLE_WORKER:
        return dict(values)
    strategy = tf.distribute.get_strategy()
    here = len(strategy.extended.worker_devices)

    def add() -> list[Any]:
        context = tf.distribute.get_replica_context()
        counts = int(context.replica_id_in_sync_group) % here == 0
        found = [
            tf.constant(value if counts else np.zeros_like(value)) for value in values.values()
        ]
        return [context.all_reduce(tf.distribute.ReduceOp.SUM, each) for each in found]

    return {name: each.numpy() for name, each in zip(values, run_on_replicas(add), strict=True)}
