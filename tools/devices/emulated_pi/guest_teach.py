"""Runs inside the emulated Pi: answers questions, and teaches one more sentence, with marks.

Usage: guest_teach.py MODEL SIDE_FILE QUESTION…. Question n has mark 3 n for the answer of the file
alone (its vector, where it is for embed), 3 n + 1 for that with the side file's labels, and 3 n + 2
for teaching the question to the first of these labels.
"""

from __future__ import annotations

import sys
from functools import partial

from guest import EMPTY, count

from edgebert.runtime.loading import load


def main() -> None:
    path, side, *questions = sys.argv[1:]
    alone, taught = load(path), load(path, taught=side)
    answer = alone.embed if alone.task == "embed" else alone.classify
    label = next(iter(taught.taught()))
    count(EMPTY, lambda: None)
    for number, question in enumerate(questions):
        count(3 * number, partial(answer, question))
        count(3 * number + 1, partial(taught.classify, question))
        count(3 * number + 2, partial(taught.teach, label, [question]))


if __name__ == "__main__":
    main()
