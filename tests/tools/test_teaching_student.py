"""The student that further labels are taught to: what it learns from."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not here: make test-train")

from tools.data_sets import BANKING77
from tools.studies.teaching import HELD_OUT, held_out, read
from tools.studies.teaching_student import split


def test_neither_part_has_a_label_that_is_held_out_and_no_question_is_in_both(tmp_path):
    train, dev = map(read, split(tmp_path))
    labels = {label for _, label in read(BANKING77 / "train.csv")}
    assert {label for _, label in train} == labels - set(held_out(sorted(labels)))
    assert len({label for _, label in train}) == 77 - HELD_OUT
    assert {label for _, label in dev} <= {label for _, label in train}
    assert not {text for text, _ in train} & {text for text, _ in dev}
    assert len(dev) / (len(train) + len(dev)) == pytest.approx(0.1, abs=0.005)
