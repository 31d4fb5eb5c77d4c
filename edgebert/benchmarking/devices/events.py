"""The lines that `python -m edgebert.benchmarking` and the Android app report with.

One JSON object a line: {"event":"progress","done":1,"total":9,"what":"…"}, at last
{"event":"result","result":{…}} or {"event":"error","message":"…"}.
"""

from __future__ import annotations

import json
from typing import Any

from edgebert.benchmarking.result import DeviceResult
from edgebert.benchmarking.validation import validate_device
from edgebert.errors import EdgebertError
from edgebert.progress import Progress

LONGEST_LINE = 1 << 30
"""Bytes; a result holds every sample."""


class EventReader:
    """Takes what stands in the file of events from `offset` on, and keeps the result.

    Attributes:
        offset: bytes of whole lines so far; of a line that is there in part all is read again.
        result: None until it came.
    """

    def __init__(self, device: str, progress: Progress) -> None:
        self.offset = 0
        self.result: DeviceResult | None = None
        self._device = device
        self._progress = progress

    def feed(self, data: bytes) -> None:
        """Takes what the file has from `offset` on.

        Raises:
            EdgebertError: the device reports an error, or something that is none of the events.
        """
        if len(data) > LONGEST_LINE:
            raise EdgebertError(f"{self._device}: sent a line of more than 1 GB; gave up")
        for line in data.split(b"\n")[:-1]:
            self.offset += len(line) + 1
            self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            event: Any = json.loads(line)
        except (ValueError, RecursionError):
            return  # a library's own chatter
        match event:
            case {"event": "progress", "done": int(done), "total": int() | None as total}:
                self._progress(done, total, str(event.get("what", ""))[:200])
            case {"event": "result", "result": result}:
                self.result = _validated(result)
            case {"event": "error", "message": str(message)}:
                raise EdgebertError(f"{self._device}: {one_line(message)}")


def _validated(result: Any) -> DeviceResult:
    """A device's result; what would break a report of several devices is its own fault."""
    device = DeviceResult.from_json(result)
    validate_device(device)
    return device


def one_line(text: str) -> str:
    """The last line that says something, without control characters: it comes from outside."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "no reason given"
    return "".join(c if c.isprintable() else "�" for c in last)[:300]
