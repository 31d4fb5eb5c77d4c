"""Runs inside the emulated Pi: answers questions by a file with its rule and without, with marks.

Usage: guest_rule.py MODEL QUESTION…. Question n has mark 2 n without, 2 n + 1 with.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial

from guest import EMPTY, count

from edgebert.model_file.read import read_model_file
from edgebert.runtime.model import Model


def main() -> None:
    path, *questions = sys.argv[1:]
    file = read_model_file(path)
    plain = replace(file, record=replace(file.record, abstention=None))
    models = [Model(each, engine="auto", threads=1) for each in (plain, file)]
    count(EMPTY, lambda: None)
    for number, question in enumerate(questions):
        for place, model in enumerate(models):
            count(2 * number + place, partial(model.classify, question))


if __name__ == "__main__":
    main()
