"""What a device reports: whole lines, in whatever pieces they come, and only what can be true."""

import json
from dataclasses import replace

import pytest

from edgebert.benchmark.devices.events import EventReader
from edgebert.errors import EdgebertError
from tests.benchmark.reports import device, run


def line(result):
    return json.dumps({"event": "result", "result": result.to_json()}).encode() + b"\n"


def reader():
    return EventReader("adb:phone", lambda *_: None)


def test_a_result_in_pieces_is_the_result():
    found, sent = reader(), device(run(), run(), ratios=[(1, 0, 1.0, 0.9, 1.1)])
    data = b"chatter\n" + line(sent)
    for at in range(0, len(data), 7):
        found.feed(data[at : at + 7])
    assert found.result == sent
    assert found.offset == len(data)


@pytest.mark.parametrize(
    "wrong",
    [
        device(run(), ratios=[(5, 0, 1.0, 0.9, 1.1)]),
        device(replace(run(), cold=replace(run().cold, import_ms=float("nan")))),
    ],
    ids=["a ratio of no run", "not a number"],
)
def test_what_no_device_can_have_measured_is_refused_at_once(wrong):
    with pytest.raises(EdgebertError, match="benchmark report"):
        reader().feed(line(wrong))
