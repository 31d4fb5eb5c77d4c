"""The machines that train together, as TensorFlow names them: the variable `TF_CONFIG`."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

from edgebert.errors import EdgebertError

VARIABLE = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["host:port", "host:port"]}, "task": {"type": "worker", "index": 0}}'
)
_KINDS = ("chief", "worker")


@dataclass(frozen=True)
class Cluster:
    """All workers, and which of them this process is.

    Attributes:
        workers: `host:port` of each, the chief first.
        index: of this process among them.
    """

    workers: tuple[str, ...] = ("",)
    index: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this process is the one that writes."""
        return self.index == 0


SINGLE_WORKER = Cluster()
"""One process that knows of no other."""


def read_cluster() -> Cluster:
    """What `TF_CONFIG` says; `SINGLE_WORKER` where there is none.

    Raises:
        EdgebertError: it is not as TensorFlow documents it, or asks for what is not done here,
            such as parameter servers.
    """
    text = os.environ.get(VARIABLE, "")
    if not text.strip():
        return SINGLE_WORKER
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(f"not JSON ({error})") from error
    cluster, task = (_object(config, name) for name in ("cluster", "task"))
    if unknown := sorted(set(cluster) - set(_KINDS)):
        raise _wrong(f"{unknown[0]!r} in the cluster; accepted: {', '.join(_KINDS)}")
    chiefs, workers = (_addresses(cluster, kind) for kind in _KINDS)
    if len(chiefs) > 1 or not chiefs + workers:
        raise _wrong(f"{len(chiefs)} chiefs and {len(workers)} workers")
    if twice := sorted(each for each, count in Counter(chiefs + workers).items() if count > 1):
        raise _wrong(f"{twice[0][:80]!r} is named twice")
    kind, index = task.get("type"), task.get("index", 0)
    if kind not in _KINDS or type(index) is not int:
        raise _wrong(f"the task is {json.dumps(task)[:80]}")
    if not 0 <= index < len(chiefs if kind == "chief" else workers):
        raise _wrong(f"the cluster has no {kind} {index}")
    return Cluster((*chiefs, *workers), index + (len(chiefs) if kind == "worker" else 0))


def _object(config: Any, name: str) -> dict[str, Any]:
    found = config.get(name) if isinstance(config, dict) else None
    if not isinstance(found, dict):
        raise _wrong(f"no object {name!r}")
    return found


def _addresses(cluster: dict[str, Any], kind: str) -> list[str]:
    found = cluster.get(kind, [])
    if not isinstance(found, list) or not all(map(_is_address, found)):
        raise _wrong(f"{kind} is {json.dumps(found)[:80]}, no list of host:port")
    return found


def _is_address(value: Any) -> bool:
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    return bool(host) and port.isdecimal() and port.isascii() and 0 < int(port[:6]) < 65_536


def _wrong(what: str) -> EdgebertError:
    return EdgebertError(f"{VARIABLE}: {what}; it is to be like {_EXAMPLE}")
