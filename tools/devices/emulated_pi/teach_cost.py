"""Instructions of an answer with 100 taught labels, and of teaching, on an emulated Pi.

python -m tools.devices.emulated_pi.teach_cost edgebert/data/intents.tflite --board pi4
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import edgebert
from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.count import build_plugin, read_marks
from tools.devices.emulated_pi.guest import EMPTY
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.devices.emulated_pi.rule_cost import QUESTIONS

_HERE = Path(__file__).parent
LABELS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--board", choices=COUNTED, action="append", help="default: pi4")
    parser.add_argument("--cache", type=Path, default=default_cache())
    arguments = parser.parse_args()
    pi = EmulatedPi(arguments.cache)
    with edgebert.load(arguments.model) as model:
        lengths = [len(model.tokenizer.encode(each).ids) for each in QUESTIONS]
    for board in arguments.board or ["pi4"]:
        with tempfile.TemporaryDirectory() as folder:
            side = Path(folder) / "side.taught"
            with edgebert.load(arguments.model, taught=side) as model:
                model.teach_all({f"new {n}": [f"this is number {n}"] for n in range(LABELS)})
            ran = pi.run(
                board,
                [_HERE / "guest_teach.py", arguments.model.resolve(), side, *QUESTIONS],
                sites=[pi.site("ai-edge-litert"), _HERE.parents[2]],
                plugin=build_plugin(pi.cache),
            )
        marks = read_marks(ran, (EMPTY, *range(3 * len(QUESTIONS))), f"{arguments.model}, {board}")
        for number, tokens in enumerate(lengths):
            alone, taught, teaching = (marks[3 * number + n] - marks[EMPTY] for n in range(3))
            print(
                f"{board}, {tokens} tokens: {alone:,} instructions alone, {taught:,} with {LABELS} "
                f"taught labels ({taught / alone - 1:+.1%}), teaching a sentence {teaching:,} "
                f"({teaching / taught:.2f} of such an answer)"
            )


if __name__ == "__main__":
    main()
