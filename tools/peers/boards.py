"""Instructions of an answer by the engines of `make peers`, on emulated boards.

`make peers-on-boards` runs this, on the models of `make peers`. Each engine is the wheel for ARM of
the version that is raced; who has none, or does not run there, is left out, and why is printed.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import edgebert
from edgebert.checkpoints.sources import MINILM
from tools.devices.emulated_pi import guest
from tools.devices.emulated_pi.boards import COUNTED
from tools.devices.emulated_pi.count import build_plugin, count, read_marks
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.docs.pages import write_between_marks
from tools.fixtures.random_weights import VOCABULARY, convert_drawn, draw_checkpoint
from tools.peers.compare import README, add_material, read_material
from tools.peers.environments import EDGEBERT, PADDED, PEERS
from tools.peers.models import BenchmarkData, Models, classifier, minilm

PAGE = Path(__file__).parents[2] / "docs/pi_cost.md"
GUEST = Path(__file__).with_name("counted.py")
VOCABULARY_SIZE = 30_522
STATIC = f"{EDGEBERT.name}, int8-static"
EMBEDDER = "MiniLM"


@dataclass(frozen=True)
class Counted:
    """What an engine's answer costs.

    Attributes:
        model: that is run.
        engine: with its version.
        instructions: by board and length.
    """

    model: str
    engine: str
    instructions: Mapping[tuple[str, int], int]


def embedders(material: BenchmarkData, folder: Path) -> Models:
    """MiniLM for everybody, and as int8-static."""
    static = folder / "minilm-static.tflite"
    edgebert.convert(MINILM, static, quantize="int8-static", force=True)
    return _with_static(minilm(material, folder), static)


def classifiers(material: BenchmarkData, folder: Path) -> Models:
    """The smallest size for everybody, and as int8-static."""
    static = folder / "tiny-static.tflite"
    static.unlink(missing_ok=True)
    convert_drawn(draw_checkpoint("2/128", material.statistics), static, quantize="int8-static")
    return _with_static(classifier("2/128", "tiny", material, folder), static)


def _with_static(models: Models, static: Path) -> Models:
    rest = {name: model for name, model in models.items() if name != EDGEBERT.name}
    return {EDGEBERT.name: models[EDGEBERT.name], STATIC: static, **rest}


SUBJECTS = ((EMBEDDER, embedders, (24, 128)), ("2/128 classifier", classifiers, (32, 128)))
"""Models and lengths."""


def count_peer(
    pi: EmulatedPi, board: str, name: str, model: Path, lengths: Sequence[int]
) -> list[int]:
    """Instructions at each length, with an engine of another project.

    Raises:
        RuntimeError: it did not run; with what was printed.
        subprocess.CalledProcessError: it has no wheel for the board.
    """
    peer = PEERS[name]
    ran = pi.run(
        board,
        [GUEST, peer.engine, model.resolve(), VOCABULARY, *map(str, (VOCABULARY_SIZE, *lengths))],
        sites=[pi.site(*(peer.runs_with or peer.packages)), Path(guest.__file__).parent],
        plugin=build_plugin(pi.cache),
    )
    between = read_marks(ran, (guest.EMPTY, *lengths), f"{name} on {board}")
    return [between[tokens] - between[guest.EMPTY] for tokens in lengths]


def count_everybody(
    pi: EmulatedPi, subject: str, models: Models, lengths: Sequence[int]
) -> Iterator[Counted]:
    """Each engine on all boards."""
    for name, model in models.items():
        ours, found = name in {EDGEBERT.name, STATIC}, []
        try:
            for board in COUNTED:
                if ours:
                    found += [each.instructions for each in count(pi, board, model, lengths)]
                else:
                    found += count_peer(pi, board, name, model, lengths)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"{name}: left out: {error}", file=sys.stderr)
            continue
        keys = itertools.product(COUNTED, lengths)
        engine = name if ours else PEERS[name].versioned
        yield Counted(subject, engine, dict(zip(keys, found, strict=True)))


def table(found: Sequence[Counted]) -> str:
    """Million instructions of one model; in bold what is below edgebert's int8."""
    ours = found[0].instructions
    heads = [f"{board}, {tokens}" for board, tokens in ours]
    lines = [f"| {found[0].model} | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for each in found:
        cells = [f"{each.instructions[key] / 1e6:.1f}" for key in ours]
        if not each.engine.startswith(EDGEBERT.name):
            lower = [each.instructions[key] < ours[key] for key in ours]
            cells = [f"**{c}**" if low else c for c, low in zip(cells, lower, strict=True)]
        lines.append(f"| {each.engine} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_material(parser)
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument(
        "--publish", action="store_true", help=f"write into {PAGE.name} and {README.name}"
    )
    arguments = parser.parse_args()
    material = read_material(arguments, without={PADDED.name})
    pi, tables = EmulatedPi(arguments.cache), []
    for subject, make, lengths in SUBJECTS:
        models = make(material, arguments.folder / "models")
        tables.append(table(list(count_everybody(pi, subject, models, lengths))))
        print(tables[-1], flush=True)
    if arguments.publish:
        write_between_marks(PAGE, "peers", "\n\n".join(tables))
        write_between_marks(README, "boards", tables[0])


if __name__ == "__main__":
    main()
