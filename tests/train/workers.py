"""Worker processes on the loopback, as TF_CONFIG names them."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def free_ports(count):
    """Ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(*commands):
    """One worker for each command, the arguments of `python -m`."""
    workers = [f"127.0.0.1:{port}" for port in free_ports(len(commands))]
    return [
        subprocess.Popen(
            [sys.executable, "-m", *map(str, command)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TF_CONFIG": _config(workers, index)},
        )
        for index, command in enumerate(commands)
    ]


def finish(processes):
    """What each wrote to stdout and stderr."""
    return [process.communicate(timeout=300) for process in processes]


def run(*commands):
    """Runs workers to their end, which must be a good one."""
    processes = start(*commands)
    said = finish(processes)
    assert [process.returncode for process in processes] == [0] * len(processes), said
    return said


def _config(workers, index):
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": workers}, "task": task})
