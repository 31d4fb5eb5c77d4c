"""Races edgebert's int8 files against other engines: same texts, same machine, one thread each.

`make peers` runs this. Every peer is a process in an environment of its own, and they take turns
of some texts or of one. `docs/comparing.md` tells what is timed and how.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import edgebert
from edgebert.benchmarking.interleaving import rotated
from edgebert.benchmarking.statistics import Ratio, Times, paired_ratio
from edgebert.checkpoints.sources import MINILM
from edgebert.evaluation.metrics import spearman
from tools.data_sets import read_column
from tools.docs.pages import write_between_marks
from tools.fixtures.random_weights import VOCABULARY, draw_ids
from tools.peers.environments import EDGEBERT, PEERS, environment
from tools.peers.models import BenchmarkData, Models, classifier, minilm
from tools.peers.running import RunningPeer
from tools.studies.interleaved_timing import describe_cpu

WARM_UP = 50
CLOCKS = ("cpu", "wall")
INVOKE_ROUNDS, INVOKE_REPEATS = 60, 10
FLOAT32_TEXTS = 200
CLASSIFIERS = (("2/128", "tiny", (32, 128)), ("4/256", "mini", (128,)))
"""Size, name of ONNX Runtime's file, and lengths at which the graph alone is raced."""
LEAST_COSINE = 0.9
IN_A_ROW = 24
"""Texts of a turn: a stream, whose engine stays in the processor's caches."""
FOLDER = Path("build/peers")
PAGE = Path(__file__).parents[2] / "docs/performance.md"
README = Path(__file__).parents[2] / "README.md"

Vectors = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """How a peer did in a contest.

    Attributes:
        contest: what was done, beginning with the model and a comma.
        peer: who did it, with the version.
        microseconds: median, in processor time.
        cpu, wall: how many times longer than edgebert it took, in processor time and by the clock
            on the wall; None for edgebert itself.
        spearman: on STS-B, where vectors are compared.
        cosine: mean, to the float32 model, likewise.
    """

    contest: str
    peer: str
    microseconds: float
    cpu: Ratio | None
    wall: Ratio | None
    spearman: float | None = None
    cosine: float | None = None


@dataclass
class PeerTimes:
    """What a peer did so far: times by clock, and answers."""

    times: dict[str, list[float]]
    answers: list[Vectors]

    def clock(self, name: str, skip: int) -> Times:
        """Microseconds by that clock, without the first ones."""
        return np.array(self.times[name][skip:])


def race_texts(
    peers: Mapping[str, RunningPeer], texts: Sequence[str], in_a_row: int
) -> dict[str, PeerTimes]:
    """Text in, answer out, every text once.

    A peer answers so many texts in a row before the next one's turn; who begins changes from turn
    to turn.
    """
    tracks = {name: PeerTimes({clock: [] for clock in CLOCKS}, []) for name in peers}
    turns = [texts[at : at + in_a_row] for at in range(0, len(texts), in_a_row)]
    for name, turn in _turns(list(peers), turns):
        for times, answer in peers[name].answer(turn):
            for clock in CLOCKS:
                tracks[name].times[clock].append(times[clock])
            tracks[name].answers.append(answer)
    return tracks


def race_invoke(peers: Mapping[str, RunningPeer], tokens: int) -> dict[str, PeerTimes]:
    """The model alone at one length, inputs bound."""
    ids = draw_ids(tokens)
    tracks = {name: PeerTimes({clock: [] for clock in CLOCKS}, []) for name in peers}
    for name, _ in _turns(list(peers), range(INVOKE_ROUNDS)):
        times = peers[name].invoke(ids, INVOKE_REPEATS)
        for clock in CLOCKS:
            tracks[name].times[clock].append(times[clock])
    return tracks


def _turns(names: list[str], items: Sequence) -> itertools.chain:
    """Each item with each name; who begins changes from item to item."""
    return itertools.chain.from_iterable(
        [(name, item) for name in rotated(names, at)] for at, item in enumerate(items)
    )


def outcomes(contest: str, tracks: Mapping[str, PeerTimes], *, skip: int) -> list[Outcome]:
    """Everybody against edgebert; the first `skip` answers, or rounds of the graph, warm up."""
    ours = tracks[EDGEBERT.name]

    def ratio(track: PeerTimes, clock: str) -> Ratio | None:
        if track is ours:
            return None
        return paired_ratio([track.clock(clock, skip)], [ours.clock(clock, skip)])

    return [
        Outcome(
            contest,
            PEERS[name].versioned,
            float(np.median(track.clock("cpu", skip))),
            *(ratio(track, clock) for clock in CLOCKS),
        )
        for name, track in tracks.items()
    ]


class PeerRunner:
    """Starts peers on models.

    Args:
        folder: of environments, models and logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self, models: Models, stack: ExitStack) -> dict[str, RunningPeer]:
        """One process a model."""
        return {
            name: stack.enter_context(
                RunningPeer(
                    PEERS[name],
                    environment(PEERS[name], self._folder),
                    model.resolve(),
                    VOCABULARY,
                    self._folder / f"{name}.log",
                )
            )
            for name, model in models.items()
        }

    def sentences(self, models: Models, material: BenchmarkData) -> list[Outcome]:
        """MiniLM on both sentences of pairs of STS-B, and how well the vectors do."""
        dev, pairs = material.stsb / "dev.tsv", slice(material.pairs)
        first, second = (read_column(dev, column)[pairs] for column in ("sentence1", "sentence2"))
        texts = [text for pair in zip(first, second, strict=True) for text in pair]
        with ExitStack() as stack:
            peers = self.start(models, stack)
            tracks = race_texts(peers, texts, IN_A_ROW)
        reference = self._float32(texts[:FLOAT32_TEXTS])
        scores = read_column(dev, "score", float)[pairs]
        found = []
        contest = f"MiniLM, {len(texts)} sentences of STS-B in a row, text to vector"
        raced = outcomes(contest, tracks, skip=WARM_UP)
        for outcome, track in zip(raced, tracks.values(), strict=True):
            vectors = np.stack(track.answers)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            cosine = float(np.mean(np.sum(vectors[: len(reference)] * reference, axis=1)))
            if cosine < LEAST_COSINE:
                raise SystemExit(f"{outcome.peer}: cosine {cosine:.3f}: not the same model")
            similar = np.sum(vectors[::2] * vectors[1::2], axis=1)
            judged = {"spearman": spearman(scores, similar), "cosine": cosine}
            found.append(Outcome(**{**vars(outcome), **judged}))
        return found

    def _float32(self, texts: Sequence[str]) -> Vectors:
        path = self._folder / "models/minilm.float32.tflite"
        edgebert.convert(MINILM, path, quantize="float32", force=True)
        with edgebert.load(path) as model:
            return np.stack([model(text) for text in texts])

    def classifiers(
        self, size: str, models: Models, material: BenchmarkData, lengths: Sequence[int]
    ) -> list[Outcome]:
        """A classifier on SST-2, in a row and now and then; and its graph alone at some lengths."""
        texts = read_column(material.sst2, "sentence")
        with ExitStack() as stack:
            peers = self.start(models, stack)
            found = []
            for in_a_row, how in ((IN_A_ROW, "in a row"), (1, "now and then")):
                what = f"{len(texts)} sentences of SST-2 {how}, text to scores"
                tracks = race_texts(peers, texts, in_a_row)
                found += outcomes(f"{size} classifier, {what}", tracks, skip=WARM_UP)
            binding = {name: peer for name, peer in peers.items() if peer.binds}
            for tokens in lengths:
                contest = f"{size} classifier, {tokens} tokens, the graph alone"
                tracks = race_invoke(binding, tokens)
                found += outcomes(contest, tracks, skip=INVOKE_ROUNDS // 10)
        return found


def compare(material: BenchmarkData, folder: Path) -> list[Outcome]:
    """All contests."""
    models = folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    arena = PeerRunner(folder)
    return [
        *arena.sentences(minilm(material, models), material),
        *itertools.chain.from_iterable(
            arena.classifiers(size, classifier(size, onnx, material, models), material, lengths)
            for size, onnx, lengths in CLASSIFIERS
        ),
    ]


def table(found: Sequence[Outcome], load: str) -> str:
    """A Markdown table a contest."""
    raced = {outcome.peer.rpartition(" ")[0] for outcome in found}
    absent = ", ".join(name for name in PEERS if name not in raced)
    head = f"{describe_cpu()}; one thread each; load: {load}."
    parts = [f"{head} Not raced: {absent}." if absent else head]
    for contest, entries in itertools.groupby(found, key=lambda outcome: outcome.contest):
        rows = list(entries)
        judged = rows[0].spearman is not None
        headings = ["", "µs of processor time", "times edgebert's", "wall-clock time"]
        headings += ["Spearman", "cosine to float32"] if judged else []
        lines = [f"**{contest}**\n", f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
        for row in rows:
            cells = [row.peer, f"{row.microseconds:,.0f}"]
            cells += ["1" if ratio is None else str(ratio) for ratio in (row.cpu, row.wall)]
            cells += [f"{row.spearman:.4f}", f"{row.cosine:.4f}"] if judged else []
            lines.append(f"| {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def summary(found: Sequence[Outcome]) -> str:
    """The README's table: a row a peer, a column a model, from text to answer in a row.

    Times of edgebert's processor time, which is steadier than wall-clock time; in bold where
    edgebert takes more for certain.
    """
    raced = [outcome for outcome in found if " in a row, " in outcome.contest]
    models = list(dict.fromkeys(outcome.contest.partition(",")[0] for outcome in raced))
    cells: dict[str, dict[str, str]] = {}
    for outcome in raced:
        if outcome.cpu is not None:
            ratio = f"{outcome.cpu.value:.2f}"
            told = f"**{ratio}**" if outcome.cpu.high < 1 else ratio
            row = cells.setdefault(outcome.peer, {})
            row[outcome.contest.partition(",")[0]] = told
    lines = [f"| | {' | '.join(models)} |", "|---" * (len(models) + 1) + "|"]
    for peer, row in cells.items():
        lines.append(f"| {peer} | {' | '.join(row.get(model, '') for model in models)} |")
    return f"{describe_cpu()}:\n\n" + "\n".join(lines)


def add_material(parser: argparse.ArgumentParser) -> None:
    """Options of everything that runs the peers."""
    parser.add_argument("--onnx", type=Path, required=True, help="folder of the ONNX models")
    parser.add_argument("--stsb", type=Path, required=True, help="folder of dev.tsv and train.tsv")
    parser.add_argument("--sst2", type=Path, required=True, help="dev.tsv of SST-2")
    parser.add_argument("--statistics", type=Path, required=True, help="see random_weights.py")
    parser.add_argument("--pairs", type=int, help="of STS-B, the first ones; default: all")
    parser.add_argument(
        "--without", action="append", choices=[*PEERS], default=[], help="leave out; several times"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="environments and models")


def read_material(arguments: argparse.Namespace, without: Iterable[str] = ()) -> BenchmarkData:
    """What these options name, and those who are left out anyway."""
    return BenchmarkData(
        arguments.onnx,
        arguments.stsb,
        arguments.sst2,
        arguments.statistics,
        arguments.pairs,
        frozenset(arguments.without).union(without),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_material(parser)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument(
        "--publish", action="store_true", help=f"write into {PAGE.name} and {README.name}"
    )
    arguments = parser.parse_args()
    before = os.getloadavg()[0]
    found = compare(read_material(arguments), arguments.folder)
    load = f"{before:.1f} to {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(outcome) for outcome in found], indent=1))
    if arguments.publish:
        write_between_marks(PAGE, "peers", table(found, load))
        write_between_marks(README, "peers", summary(found))
    print(table(found, load))


if __name__ == "__main__":
    main()
