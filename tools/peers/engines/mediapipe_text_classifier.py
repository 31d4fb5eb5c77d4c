"""MediaPipe's TextClassifier on a file of `edgebert convert`: its tokenizer, its graph runner."""

from __future__ import annotations

from pathlib import Path

from mediapipe.tasks import python
from mediapipe.tasks.python import text as tasks

from engines.interface import Engine


def load(model: Path, vocabulary: Path) -> Engine:
    classifier = tasks.TextClassifier.create_from_options(
        tasks.TextClassifierOptions(
            base_options=python.BaseOptions(model_asset_path=str(model)), max_results=-1
        )
    )

    def answer(text: str) -> list[float]:
        categories = classifier.classify(text).classifications[0].categories
        return [category.score for category in categories]

    return Engine(answer)
