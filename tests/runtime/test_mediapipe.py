"""MediaPipe's own TextClassifier opens a converted file as it is, and gives the same answers.

Runs where mediapipe is installed (an environment of its own: pip install mediapipe).
"""

import pytest

import edgebert

python = pytest.importorskip("mediapipe.tasks.python", reason="mediapipe is not installed")
text = pytest.importorskip("mediapipe.tasks.python.text", reason="mediapipe is not installed")

# Its WordPiece lower-cases ASCII only, so only ASCII texts are the same to both.
TEXTS = [
    "Where is my card?",
    "The quick brown fox jumps over the lazy dog, twice.",
    "no",
    "I was charged a fee of 5.00 for a withdrawal: why?",
]


@pytest.mark.parametrize("options", [{}, {"quantize": "float32"}, {"quantize": "float16"}], ids=str)
def test_mediapipe_classifies_as_edgebert_does(converted, options):
    path = converted("classify", **options)
    classifier = text.TextClassifier.create_from_options(
        text.TextClassifierOptions(
            base_options=python.BaseOptions(model_asset_path=str(path)), max_results=-1
        )
    )
    with classifier, edgebert.load(path) as model:
        for sentence in TEXTS:
            found = classifier.classify(sentence).classifications[0].categories
            expected = model(sentence)
            assert found[0].category_name == expected.label
            scores = {category.category_name: category.score for category in found}
            assert scores == pytest.approx(expected.scores, abs=1e-3)
