"""Fine-tuning beside teaching: how it is held to a loss of old labels."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from tools.studies.teaching_against_finetuning import as_right, held_back, right

LOGITS = np.array([[5, 0, 8], [5, 0, 6], [0, 5, 3], [0, 5, 2], [5, 0, 9], [0, 0, 9]], np.float32)
"""Two old labels and a new one, which is ahead of the right old one by 3, 1, -2 and -3."""
LABELS = np.array([0, 0, 1, 1, 1, 2], np.int32)
"""Of the last two, one is for the other old label, one for the new one."""


@pytest.mark.parametrize(("least", "lowered"), [(4, 3), (3, 1), (2, -2), (2.5, -0.5)])
def test_new_labels_are_lowered_or_raised_until_so_many_old_ones_are_right(least, lowered):
    assert held_back(LOGITS, LABELS, 2, least) == pytest.approx(lowered)


def test_what_is_held_back_leaves_so_many_right():
    for least in (4, 3, 2):
        old, _ = right(LOGITS, LABELS, 2, held_back(LOGITS, LABELS, 2, least))
        assert old == pytest.approx(least / 5)


def test_old_labels_lost_among_themselves_leave_nothing_to_new_ones():
    assert right(LOGITS, LABELS, 2)[1] == 1
    assert right(LOGITS, LABELS, 2, held_back(LOGITS, LABELS, 2, 5)) == (0.8, 0)


def test_as_right_as_taught_counts_old_labels_alone():
    assert as_right(LOGITS, LABELS, 2, 3 / 5) == pytest.approx(1)
