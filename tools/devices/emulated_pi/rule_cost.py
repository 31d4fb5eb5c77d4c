"""Instructions that a classifier's rule of when to abstain adds to an answer on an emulated Pi.

python -m tools.devices.emulated_pi.rule_cost edgebert/data/intents.tflite --board pi4
"""

from __future__ import annotations

import argparse
from pathlib import Path

import edgebert
from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.count import build_plugin, read_marks
from tools.devices.emulated_pi.guest import EMPTY
from tools.devices.emulated_pi.root import EmulatedPi, default_cache

_HERE = Path(__file__).parent
QUESTIONS = (
    "exchange rate",
    "I lost my card",
    "How do I get my money back?",
    "Is there a fee when I pay in another currency?",
    "Why has my transfer not arrived yet, I sent it to a friend two days ago?",
)


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
        ran = pi.run(
            board,
            [_HERE / "guest_rule.py", arguments.model.resolve(), *QUESTIONS],
            sites=[pi.site("ai-edge-litert"), _HERE.parents[2]],
            plugin=build_plugin(pi.cache),
        )
        marks = read_marks(ran, (EMPTY, *range(2 * len(QUESTIONS))), f"{arguments.model}, {board}")
        for number, tokens in enumerate(lengths):
            plain, ruled = (marks[2 * number + each] - marks[EMPTY] for each in (0, 1))
            print(
                f"{board}, {tokens} tokens: {plain:,} instructions without a rule, "
                f"{ruled - plain:,} more with it ({ruled / plain - 1:.2%})"
            )


if __name__ == "__main__":
    main()
