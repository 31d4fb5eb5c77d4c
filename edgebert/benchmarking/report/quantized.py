"""int8 held against float32: how much quicker and smaller, and whether it helped at all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from edgebert.benchmarking.models import INT8
from edgebert.benchmarking.report.rows import TableRow, rows
from edgebert.benchmarking.result import DeviceResult
from edgebert.formatting import clean, megabytes


@dataclass(frozen=True)
class Pair:
    """The same model in int8 and in float32, on the same engine, threads, cores and input.

    Attributes:
        speedup: how many times as quick int8 is; 2 is half the time.
        low: lower end of its interval, 95 %.
        high: upper end.
    """

    int8: TableRow
    float32: TableRow
    speedup: float
    low: float
    high: float

    @property
    def helped(self) -> bool:
        """int8 is quicker beyond doubt."""
        return self.low > 1

    @property
    def sentence(self) -> str:
        """What int8 brought, in plain words."""
        model, plain = self.int8.run.model, self.float32.run.model
        where = f"{clean(self.int8.name, 60)}, {clean(self.int8.input, 40)}"
        size = f"{megabytes(model.bytes)} MB instead of {megabytes(plain.bytes)}"
        figures = (
            f"{self.speedup:.2f} times as quick as float32 ({self.low:.2f} to {self.high:.2f})"
        )
        if self.helped:
            return f"{where}: int8 is {figures}; {size}."
        verdict = "is slower" if self.high < 1 else "is no quicker"
        return f"{where}: int8 did not help, it {verdict}: {figures}; {size}."


def pairs(device: DeviceResult) -> tuple[Pair, ...]:
    """Every int8 run that has a float32 run of the same model to be held against.

    The two have the same identity. Where one does not tell it, they are known to belong together by
    task, shape and the longest common beginning of their names (`minilm-int8`, `minilm-float32`).
    """
    every = rows(device)
    best: dict[int, Pair] = {}
    for ratio in device.ratios:
        one, other = every[ratio.run], every[ratio.against]
        if _is_int8(one) and _is_float32(other):
            pair = Pair(one, other, 1 / ratio.ratio, 1 / ratio.high, 1 / ratio.low)
        elif _is_float32(one) and _is_int8(other):
            pair = Pair(other, one, ratio.ratio, ratio.low, ratio.high)
        else:
            continue
        rival = best.get(pair.int8.index)
        if _alike(pair) and (rival is None or _closeness(pair) > _closeness(rival)):
            best[pair.int8.index] = pair
    return tuple(best[index] for index in sorted(best))


def _is_int8(row: TableRow) -> bool:
    return row.run.model.quantization in INT8


def _is_float32(row: TableRow) -> bool:
    return row.run.model.quantization == "float32"


def _alike(pair: Pair) -> bool:
    identities = {pair.int8.run.model.identity, pair.float32.run.model.identity}
    same_model = len(identities - {None}) < 2
    return same_model and _same(pair.int8) == _same(pair.float32)


def _same(row: TableRow) -> tuple[str | int | None, ...]:
    """What the two of a pair have in common."""
    run, model = row.run, row.run.model
    shape = (model.task, model.layers, model.hidden_size, model.heads)
    return (*shape, row.input, run.engine, run.accelerator, run.threads, run.cores)


def _closeness(pair: Pair) -> int:
    """How many letters both names begin with."""
    letters = zip(pair.int8.name, pair.float32.name, strict=False)
    return len(list(takewhile(lambda both: both[0] == both[1], letters)))
