"""The latency table of docs/latency.md: all 24 sizes here and on emulated Raspberry Pis.

`make latency-table` runs this. What is done is kept in the work folder under the content of the
file it was measured on, so a run that was broken off goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgebert.bert.catalogue import CATALOGUE
from edgebert.files import sha256_of
from tools.devices.emulated_pi.count import count
from tools.devices.emulated_pi.root import EmulatedPi, default_cache
from tools.docs.pages import write_between_marks
from tools.studies.interleaved_timing import describe_cpu
from tools.studies.latency.growth import Point, doubling, fit
from tools.studies.latency.subjects import write_limit, write_size
from tools.studies.latency.timing import PRODUCT, time_lengths
from tools.studies.latency.work import measure_work

LENGTHS = (16, 32, 64, 128)
FIGURES = Path(__file__).with_name("figures.json")
PAGE = Path(__file__).parents[3] / "docs/latency.md"
WORK = Path("build/latency")

BOARDS = ("pi4", "pi5")
COUNTED_LAYERS = (2, 4)
"""Every layer but the last costs the same, so sizes of these counts of layers say what the others
cost; `CHECKED` are counted all the same, and must lie on the line."""
CHECKED = ("6/128", "6/256", "6/512", "12/128")
MOST_OFF_THE_LINE = 0.001

UNITS = {"milliseconds": ("here", "ms"), "pi4": ("Pi 4", "M"), "pi5": ("Pi 5", "M")}
"""What is counted or timed: where, and in what."""
TERMS = ("per dense multiply-add", "per attention multiply-add", "per L·H·n", "per layer")
"""Headings of `Point.terms`."""


@dataclass(frozen=True)
class Row:
    """One size at one length.

    Attributes:
        dense, attention: multiply-adds, see `work.Work`.
        milliseconds: at the machine's usual speed (`Figures.limit`).
        share: of the machine's int8 limit.
        pi4, pi5: million instructions.
    """

    size: str
    tokens: int
    dense: int
    attention: int
    milliseconds: float
    share: float
    pi4: float
    pi5: float

    def point(self, measure: str) -> Point:
        """What growth is fitted to."""
        layers, hidden = map(int, self.size.split("/"))
        cost = getattr(self, measure)
        return Point(layers, hidden, self.tokens, self.dense, self.attention, cost)


@dataclass(frozen=True)
class Figures:
    """All that the page shows.

    Attributes:
        cpu: of this machine.
        load: how many programs wanted a core while it was timed, of how many cores there are.
        limit: of this machine, billion int8 multiply-adds a second; median over all sizes.
        rows: by size and length.
    """

    cpu: str
    load: str
    limit: float
    rows: tuple[Row, ...]


class ResultCache:
    """Results in a JSON file, computed once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, key: str, compute: Callable[[], Any]) -> Any:
        """The result of that key."""
        if key not in self._results:
            self._results[key] = compute()
            self._path.write_text(json.dumps(self._results, indent=1))
        return self._results[key]


def measure(statistics: Path, pi: EmulatedPi, work: Path) -> Figures:
    """Everything, from what is kept where it is there."""
    work.mkdir(parents=True, exist_ok=True)
    kept = ResultCache(work / "results.json")
    paths = {model.name: work / f"{model.name.replace('/', '-')}.tflite" for model in CATALOGUE}
    for size, path in paths.items():
        write_size(size, statistics, path)
    counts = {board: count_sizes(pi, board, paths, kept) for board in BOARDS}
    limit = work / "limit.tflite"
    write_limit(limit)
    timed = {size: _time(path, limit, kept) for size, path in paths.items()}
    limits = [timing["limit"] for each in timed.values() for timing in each["timings"]]
    usual = float(np.median(limits))
    rows = []
    for size, path in paths.items():
        for at, timing in enumerate(timed[size]["timings"]):
            done = measure_work(path, timing["tokens"])
            as_much = timing["products"] * PRODUCT
            rows.append(
                Row(
                    size,
                    timing["tokens"],
                    done.dense,
                    done.attention,
                    as_much / usual / 1e6,
                    done.total / as_much,
                    *(counts[board][size][at] / 1e6 for board in BOARDS),
                )
            )
    loads = [each["load"] for each in timed.values()]
    load = f"{min(loads):.1f} to {max(loads):.1f} on {os.cpu_count()} cores"
    return Figures(describe_cpu(), load, usual, tuple(rows))


def count_sizes(
    pi: EmulatedPi, board: str, paths: Mapping[str, Path], kept: ResultCache
) -> dict[str, list[float]]:
    """Instructions of every size at each of `LENGTHS`.

    Raises:
        RuntimeError: a size that was counted is not where its layers say it is.
    """
    counted = {
        size: kept.get(f"{sha256_of(path)} {board}", lambda path=path: _count(pi, board, path))
        for size, path in paths.items()
        if _layers(size) in COUNTED_LAYERS or size in CHECKED
    }
    few, more = COUNTED_LAYERS
    found = {}
    for size in paths:
        width = size.split("/")[1]
        share = (_layers(size) - few) / (more - few)
        low, high = (np.array(counted[f"{layers}/{width}"]) for layers in COUNTED_LAYERS)
        line = low + share * (high - low)
        found[size] = list(counted.get(size, line))
        off = np.abs(found[size] / line - 1).max()
        if off > MOST_OFF_THE_LINE:
            raise RuntimeError(f"{size} on {board}: {off:.2%} off the line through fewer layers")
    return found


def _layers(size: str) -> int:
    return int(size.split("/")[0])


def _count(pi: EmulatedPi, board: str, path: Path) -> list[int]:
    return [found.instructions for found in count(pi, board, path, LENGTHS)]


def _time(path: Path, limit: Path, kept: ResultCache) -> dict[str, Any]:
    def timed() -> dict[str, Any]:
        timings = [asdict(timing) for timing in time_lengths(path, limit, LENGTHS)]
        return {"load": os.getloadavg()[0], "timings": timings}

    found: dict[str, Any] = kept.get(f"{sha256_of(path)} {describe_cpu()}", timed)
    print(f"{path.stem}: timed", file=sys.stderr)
    return found


def read_figures(path: Path = FIGURES) -> Figures:
    """The committed figures."""
    fields = json.loads(path.read_text())
    return Figures(**{**fields, "rows": tuple(Row(**row) for row in fields["rows"])})


def latency_tables(figures: Figures) -> str:
    """One table a machine, a line a size."""
    sizes = list(dict.fromkeys(row.size for row in figures.rows))
    cells = {(row.size, row.tokens): row for row in figures.rows}
    parts = [
        f"{figures.cpu}; its limit, {figures.limit:.0f} billion int8 multiply-adds a second; "
        f"load while timing: {figures.load}.\n"
    ]
    for measure, (where, unit) in UNITS.items():
        title = (
            "Milliseconds here, and the share of the limit"
            if unit == "ms"
            else f"Million instructions on a {where}"
        )
        lines = [
            f"### {title}\n",
            "| size | " + " | ".join(f"{n} tokens" for n in LENGTHS) + " |",
            "|---|" + "---|" * len(LENGTHS),
        ]
        for size in sizes:
            found = [cells[size, n] for n in LENGTHS]
            lines.append(f"| {size} | " + " | ".join(_cell(row, measure) for row in found) + " |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _cell(row: Row, measure: str) -> str:
    value = getattr(row, measure)
    shown = f"{value:.3g}" if value < 100 else f"{value:,.0f}"
    return f"{shown} ({row.share:.0%})" if measure == "milliseconds" else shown


def growth_tables(figures: Figures) -> str:
    """How cost grows: factors of doubling, and the fit."""
    points = {m: [row.point(m) for row in figures.rows] for m in UNITS}
    lines = ["| doubling | " + " | ".join(where for where, _ in UNITS.values()) + " |"]
    lines.append("|---|" + "---|" * len(UNITS))
    factors = {m: doubling(each) for m, each in points.items()}
    for name, what in (("L", "layers L"), ("H", "width H"), ("n", "length n")):
        cells = [
            f"{median:.2f} ({least:.2f} to {most:.2f})"
            for least, median, most in (factors[m][name] for m in UNITS)
        ]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    headings = ("", *TERMS, "error of the fit, median (largest)")
    lines += ["", f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    for m, (where, unit) in UNITS.items():
        found = fit(points[m])
        scale, name = (1e9, "ps") if unit == "ms" else (1e6, "")
        cells = [_coefficient(c * scale, name) for c in found.coefficients]
        error = f"{found.median_error:.1%} ({found.largest_error:.0%})"
        lines.append(f"| {where} | {' | '.join(cells)} | {error} |")
    return "\n".join(lines)


def _coefficient(value: float, unit: str) -> str:
    shown = f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
    return f"{shown} {unit}".strip()


def write_page(figures: Figures) -> None:
    """The page shows exactly the figures."""
    write_between_marks(PAGE, "latency", latency_tables(figures))
    write_between_marks(PAGE, "growth", growth_tables(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("statistics", type=Path, help="of each tensor; see random_weights.py")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="of the emulated Pis")
    parser.add_argument("--work", type=Path, default=WORK)
    arguments = parser.parse_args()
    figures = measure(arguments.statistics, EmulatedPi(arguments.cache), arguments.work)
    FIGURES.write_text(json.dumps(asdict(figures), indent=1) + "\n")
    write_page(figures)


if __name__ == "__main__":
    main()
