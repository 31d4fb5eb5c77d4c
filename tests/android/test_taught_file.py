"""Labels that the Kotlin library taught, by Python: see test_search_index."""

import json
import os
from pathlib import Path

import pytest

import edgebert

OUTPUT = os.environ.get("EDGEBERT_ANDROID_LIBRARY")
pytestmark = pytest.mark.skipif(
    OUTPUT is None, reason="the library's tests have not run: make test-android"
)


@pytest.mark.filterwarnings("ignore::edgebert.errors.TruncationWarning")
@pytest.mark.parametrize("name", ["teachable", "embed-float32"])
def test_what_kotlin_taught_decides_as_what_python_taught(name):
    data = Path(os.environ["EDGEBERT_ANDROID_DATA"])
    lines = (data / "taught.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [case for case in map(json.loads, lines) if case["model"] == f"{name}.tflite"]
    side = Path(OUTPUT) / f"taught/{name}.taught"
    with edgebert.load(data / f"{name}.tflite", taught=side) as model:
        assert set(model.taught().values()) == {5}
        answers = list(model.batch(case["text"] for case in cases))
        others = sum(
            (answer.label, answer.abstained) != (case["label"], case["abstained"])
            for answer, case in zip(answers, cases, strict=True)
        )
        assert others <= 6
        assert model.undo() == ("more",)
