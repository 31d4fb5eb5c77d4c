"""What becomes of texts out of scope once a label is taught: a table of docs/abstaining.md.

    python -m tools.studies.teaching_outside edgebert/data/intents.tflite --data FOLDER

FOLDER has clinc150 with its file as published. Each of ten labels of CLINC150 is taught alone, with
its first five questions.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import edgebert

LABELS = (
    *("credit_limit", "new_card", "interest_rate", "freeze_account", "weather", "timer", "recipe"),
    *("taxes", "insurance", "book_flight"),
)
SENTENCES, OUTSIDE = 5, 300


def main() -> None:
    """Prints a line a label."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a classifier to which labels can be taught")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    given = parser.parse_args()
    parts = json.loads((given.data / "clinc150/data_full.json").read_text(encoding="utf-8"))
    outside = [text for text, _ in parts["oos_test"][:OUTSIDE]]
    print("| taught | rejected out of scope | the label's own: answered with it |\n|---|---|---|")
    for label in LABELS:
        sentences = [text for text, name in parts["train"] if name == label][:SENTENCES]
        asked = [text for text, name in parts["test"] if name == label]
        with TemporaryDirectory() as folder:
            side = Path(folder) / "one.taught"
            with edgebert.load(given.file, taught=side) as model:
                model.teach(label, sentences)
                rejected = [bool(model.classify(text).abstained) for text in outside]
                answers = [model.classify(text) for text in asked]
        own = [answer.label == label and not answer.abstained for answer in answers]
        shares = (100 * sum(each) / len(each) for each in (rejected, own))
        print("| `{}` | {:.1f} % | {:.0f} % |".format(label, *shares), flush=True)


if __name__ == "__main__":
    main()
