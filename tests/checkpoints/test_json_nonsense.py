"""Whatever stands in a folder's JSON files, opening it gives a checkpoint or an EdgebertError."""

from __future__ import annotations

import copy as deep
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.folder import open_folder
from edgebert.errors import EdgebertError
from tests.checkpoints.folders import CLASSIFIER, EMBEDDER, ROOTS, TF1, copy

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from([10**40, -(2**63), 1e308, "\ud800", "../x", "\0", "bert", "gelu", {}, []]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    items = {dict: dict.items, list: enumerate}.get(type(value), lambda _: ())(value)
    for key, inner in items:
        yield from places(inner, (*path, key))


def put(value, path, new):
    if not path:
        return new
    changed = deep.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed


@pytest.fixture(scope="module", params=[CLASSIFIER, EMBEDDER, TF1])
def folder(request):
    with tempfile.TemporaryDirectory() as scratch:
        folder = copy(request.param, Path(scratch))
        (folder / "expected.json").unlink()
        if request.param == CLASSIFIER:
            write_tokenizer(folder)
        yield folder


def write_tokenizer(folder):
    pieces = (ROOTS[0] / CLASSIFIER / "vocab.txt").read_text().split()
    tokenizer = {
        "added_tokens": [{"id": 0, "content": "[PAD]"}],
        "normalizer": {"type": "BertNormalizer", "lowercase": True, "strip_accents": None},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "unk_token": "[UNK]"},
    }
    tokenizer["model"]["vocab"] = {piece: index for index, piece in enumerate(pieces)}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    (folder / "vocab.txt").unlink()


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_value_anywhere_is_accepted_or_refused(folder, data):
    path = data.draw(st.sampled_from(sorted(folder.rglob("*.json"))))
    text = path.read_text()
    value = json.loads(text)
    new = put(value, data.draw(st.sampled_from(list(places(value)))), data.draw(VALUES))
    path.write_text(json.dumps(new))
    try:
        assert isinstance(open_folder(folder), Checkpoint)
    except EdgebertError as error:
        (message,) = error.args
        assert "\n" not in message
        assert len(message) < 1000
    finally:
        path.write_text(text)
