"""The checkpoint that a training begins with."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from edgebert.train.initialisation import with_task_heads
from tests.checkpoints.folders import CLASSIFIER, copy


def test_a_head_that_cannot_be_used_is_not_replaced_in_silence(tmp_path):
    folder = copy(CLASSIFIER, tmp_path)
    path = folder / "model.safetensors"
    tensors = {name: array.copy() for name, array in load_file(path).items()}
    wide = np.ones((3, 64), np.float32)
    save_file({**tensors, "classifier.weight": wide}, path)
    source = open_folder(folder)
    with pytest.raises(EdgebertError, match=r"classifier.weight has shape \[3, 64\]"):
        with_task_heads(source, "classify", ("a", "b"), 0, None)
    assert with_task_heads(source, "embed", (), 0, None).task == "embed"
