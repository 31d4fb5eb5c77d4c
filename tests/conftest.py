"""Files that many tests read: one small converted model a task, made once."""

from pathlib import Path

import pytest

import edgebert

REFERENCE = Path(__file__).parent / "data" / "reference"
SOURCES = {
    "embed": "st_embedder_2x32",
    "classify": "hf_classifier_2x32",
    "multi-label": "hf_multi_label_2x32_float16",
    "tag": "hf_tagger_2x32",
    "answer": "tf1_answerer_2x32",
    "fill-mask": "tf1_uncased_L-2_H-32_A-2",
}


@pytest.fixture(scope="session")
def converted(tmp_path_factory):
    """Gives the path of a converted reference checkpoint; converts at the first call."""
    folder = tmp_path_factory.mktemp("converted")

    def path_of(name, **options):
        words = [name, *(f"{k}-{v}" for k, v in options.items())]
        path = folder / f"{'_'.join(words)}.tflite"
        if not path.exists():
            edgebert.convert(REFERENCE / SOURCES[name], path, **options)
        return path

    return path_of


@pytest.fixture
def classifier(converted):
    """An int8 classifier with three labels."""
    return converted("classify")


@pytest.fixture
def embedder(converted):
    """An int8 sentence embedder."""
    return converted("embed")
