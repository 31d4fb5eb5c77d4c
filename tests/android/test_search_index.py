"""An index that the Kotlin library saved, searched by Python.

`make test-android` runs the library's tests first; EDGEBERT_ANDROID_LIBRARY is where they write,
and EDGEBERT_ANDROID_DATA the folder of the models that they ran.
"""

import json
import os
from pathlib import Path

import pytest

import edgebert
from edgebert.semantic_search.search import open_search
from tools.data_sets import banking77

OUTPUT = os.environ.get("EDGEBERT_ANDROID_LIBRARY")
pytestmark = pytest.mark.skipif(
    OUTPUT is None, reason="the library's tests have not run: make test-android"
)


def test_kotlins_index_serves_as_it_is_and_finds_the_same():
    folder = Path(OUTPUT) / "search"
    model_file = Path(os.environ["EDGEBERT_ANDROID_DATA"]) / "embed-float32.tflite"
    with edgebert.load(model_file) as model:
        search = open_search(model, folder / "corpus.txt")
        assert not search.built
        found = search(banking77("test")[0][0])
        expected = json.loads((folder / "hits.json").read_text())
        assert [hit.line for hit in found] == [hit["line"] for hit in expected]
        for hit, other in zip(found, expected, strict=True):
            assert hit.score == pytest.approx(other["score"], abs=1e-5)
        (added,) = search("Wo ist meine Karte?", top=1)
        assert added.text == "Wo ist meine Karte?"
        assert added.score > 0.99
