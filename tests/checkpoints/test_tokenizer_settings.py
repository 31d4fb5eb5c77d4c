"""Tokenizer settings drawn at random: ids, segments and truncation as transformers gives them.

`EDGEBERT_TOKENIZER_SETTINGS` says how many are drawn; `make tokenizer-settings` draws 2,000. No
special token stands in a text: that they are plain text here is a documented difference.
"""

from __future__ import annotations

import os
import sys
from collections import Counter

import pytest

from edgebert.errors import EdgebertError
from tests.checkpoints.tokenizer_settings import Draw, differences, read

transformers = pytest.importorskip("transformers", reason="the reference, in the extra dev")

SLICE = 60
SETTINGS = int(os.environ.get("EDGEBERT_TOKENIZER_SETTINGS", SLICE))
TEXTS = 20


def reference(folder):
    """transformers' tokenizer, or None where it refuses the folder."""
    transformers.logging.set_verbosity_error()
    try:
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception:  # whatever it raises
        return None


def test_no_setting_is_read_otherwise_than_by_transformers(tmp_path, capsys):
    refused: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    found = []
    for seed in range(SETTINGS):
        draw = Draw(seed)
        folder = draw.write(tmp_path / str(seed))
        theirs = reference(folder)
        try:
            ours = read(folder)
        except EdgebertError as error:
            outcomes["refused" if theirs else "refused by both"] += 1
            refused[str(error).removeprefix(f"{folder}/")[:90]] += 1
            continue
        assert theirs is not None, f"seed {seed}: transformers refuses what we read as {ours}"
        wrong = differences(folder, draw.texts(TEXTS), theirs)
        outcomes["other" if wrong else "equal"] += 1
        found += [f"seed {seed}: {each}" for each in wrong[:1]]
    if SETTINGS > SLICE:
        table = "".join(f"\n{number:5} {why}" for why, number in refused.most_common())
        with capsys.disabled():
            sys.stdout.write(f"\n{dict(outcomes)}{table}\n")
    assert not found, "\n".join(found)
    assert outcomes["equal"] > 0.6 * SETTINGS
