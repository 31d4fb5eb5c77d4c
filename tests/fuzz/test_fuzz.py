"""What comes of hostile and damaged input: a value or one line, within seconds and some memory.

Seeds, hostile inputs and what `make fuzz` found are read again, and for 20 seconds mutations of
them: always the same ones, as many as the machine has time for.
"""

import itertools
import random
import time
from pathlib import Path

import pytest

pytest.importorskip("ai_edge_litert", reason="files are written with ai-edge-litert")
pytest.importorskip("resource", reason="limits of time and memory are set by Unix means")

from edgebert.errors import EdgebertError
from tests.fuzz.__main__ import REGRESSIONS
from tests.fuzz.mutate import mutate
from tests.fuzz.target import MEMORY, Target, outcome
from tests.fuzz.targets import READERS, TARGETS

SECONDS = 20
"""For the mutations of all targets."""


@pytest.fixture(params=TARGETS)
def target(request):
    return TARGETS[request.param]


@pytest.fixture
def path(target, tmp_path):
    return target.prepare(tmp_path)


def regressions():
    return sorted(file for file in REGRESSIONS.glob("*/*") if file.parent.name in TARGETS)


def test_every_target_accepts_its_first_seed(target, path):
    path.write_bytes(target.wrap(target.seeds()[0]))
    target.read(path)


def test_seeds_and_hostile_inputs_give_a_value_or_one_line(target, path):
    from tests.fuzz import hostile

    found = {}
    for data in [*target.seeds(), *hostile.any_file()]:
        if finding := outcome(target, data, path):
            found.setdefault(finding, data[:100])
    assert not found


@pytest.mark.parametrize("file", regressions(), ids=lambda file: f"{file.parent.name}-{file.name}")
def test_what_was_found_once_gives_a_value_or_one_line(file, tmp_path):
    target = TARGETS[file.parent.name]
    assert outcome(target, file.read_bytes(), target.prepare(tmp_path)) is None


def test_mutations_give_a_value_or_one_line(target, path):
    seeds = [seed for seed in target.seeds() if len(seed) < 50_000]
    draw = random.Random(target.name)
    end = time.monotonic() + SECONDS / len(TARGETS)
    while time.monotonic() < end:
        data = mutate(draw.choice(seeds[:3]), draw, seeds)
        assert outcome(target, data, path) is None, data


class _OtherError(EdgebertError):
    """A message that was not made one line."""

    def __str__(self):
        return self.told

    def __init__(self, message):
        super().__init__(message)
        self.told = message


def _raise(error):
    def read(path):
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "what"),
    [
        (_raise(KeyError("a")), "KeyError"),
        (_raise(_OtherError("a\nb")), "several lines"),
        (_raise(_OtherError("\x1b[2J")), "control characters"),
        (_raise(_OtherError("\ud800")), "control characters"),
        (_raise(_OtherError("a" * 5000)), "5000 characters"),
        (lambda path: bytearray(2 * MEMORY), "MemoryError"),
        (lambda path: all(iter(lambda: 1, 0)), "more than"),
    ],
    ids=["exception", "lines", "escape", "surrogate", "long", "memory", "time"],
)
def test_what_must_not_be_is_found(read, what, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.fuzz.target.SECONDS", 0.2)
    target = Target("x", "x", read, lambda: [b""])
    assert what in outcome(target, b"", target.prepare(tmp_path)).what


def test_a_refusal_in_one_line_is_no_finding(tmp_path):
    target = Target("x", "x", _raise(EdgebertError("x: damaged")), lambda: [b""])
    assert outcome(target, b"", tmp_path / "x") is None


def test_folders_of_regressions_have_the_names_of_targets():
    assert {folder.name for folder in Path(REGRESSIONS).glob("*")} <= {*TARGETS}


def test_every_target_is_one_of_a_reader():
    assert sorted(itertools.chain(*READERS.values())) == sorted(TARGETS)
