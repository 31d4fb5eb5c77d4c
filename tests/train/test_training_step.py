"""The benchmark of a training step times every step but the first ones."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from tests.train import tiny
from tools.studies.training_step import FIRST, step_times


def test_steps_of_a_real_run_are_timed():
    times = step_times(tiny.CONFIG, batch_size=4, tokens=6, steps=FIRST + 6)
    assert len(times) == 5
    assert min(times) > 0
