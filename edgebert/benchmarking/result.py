"""What a benchmark found: the report, its devices, and the runs of models on them.

`report.schema.json` beside this module is the schema of its JSON, for readers in other languages,
made from these classes and their docstrings by `make docs`.
Whatever a device cannot tell is None.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from edgebert.bert.tasks import TaskName
from edgebert.errors import EdgebertError
from edgebert.support import AcceleratorName
from edgebert.typed_json import from_json

FORMAT = 2
"""Goes up when an older edgebert could misread a newer report. Format 1, which is read as well, had
the key "yardstick" for "reference"."""

_MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Core:
    """One core of a processor.

    Attributes:
        cluster: cores of equal kind have the same number; 0 holds the weakest.
        max_mhz: highest clock.
    """

    id: int
    cluster: int | None = None
    max_mhz: float | None = None


@dataclass(frozen=True)
class Facts:
    """What a device is, and the state it was in.

    Attributes:
        features: such as dotprod, i8mm, avx512_vnni (keys of `edgebert.runtime.machine.FEATURES`).
        governor: of cpufreq; several are joined by commas.
        clock_mhz_before: mean clock of the cores just before the first run.
        throttled: whether it was at the end, or in any round.
        engines: version by package.
        reference: what the fixed calculation beside the answers is; only times of the same one
            can be held against each other.
        notes: what makes the figures less than they could be, one line each.
    """

    board: str | None = None
    cpu: str | None = None
    features: tuple[str, ...] | None = None
    cores: tuple[Core, ...] = ()
    governor: str | None = None
    clock_mhz_before: float | None = None
    clock_mhz_after: float | None = None
    temperature_c_before: float | None = None
    temperature_c_after: float | None = None
    throttled: bool | None = None
    memory_bytes: int | None = None
    os: str | None = None
    python: str | None = None
    engines: dict[str, str] = field(default_factory=dict)
    reference: str | None = None
    power: Literal["battery", "mains"] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelFacts:
    """What a model file tells about itself; `name` is usually the file's, without its ending.

    Attributes:
        identity: what files of the same model have in common, however its numbers are stored;
            None: not told, as by older reports and by phones.
    """

    name: str
    sha256: str
    bytes: int
    task: TaskName
    quantization: str
    layers: int
    hidden_size: int
    heads: int
    identity: str | None = None


@dataclass(frozen=True)
class Input:
    """What a model was given: real texts, or one text of a fixed length.

    Attributes:
        name: of the texts.
        count: number of texts.
        tokens: of the text of a fixed length, special ones included.
    """

    kind: Literal["texts", "length"]
    name: str | None = None
    count: int | None = None
    tokens: int | None = None


@dataclass(frozen=True)
class Start:
    """Milliseconds of one process until its first answer, in the parts of a `ColdStart`."""

    import_ms: float
    load_ms: float
    first_ms: float


@dataclass(frozen=True)
class ColdStart:
    """Milliseconds of a fresh process until its first answer, each the median of several.

    Attributes:
        import_ms: numpy, the engine and edgebert's runtime.
        load_ms: opening the file.
        load_cached_ms: opening it and the first run with XNNPACK's weight cache, which an earlier
            process has filled; to be held against `load_ms` + `first_ms`.
        first_ms: the first answer, which hands the graph to XNNPACK and packs its weights.
        load_compiled_ms: as `load_cached_ms`, by the same API of LiteRT, but without the cache:
            what is between the two the cache alone gains.
        starts: of each process, in their order; empty: not told, as by older reports and phones.
    """

    import_ms: float | None = None
    load_ms: float | None = None
    load_cached_ms: float | None = None
    first_ms: float | None = None
    load_compiled_ms: float | None = None
    starts: tuple[Start, ...] = ()


@dataclass(frozen=True)
class Samples:
    """Microseconds of each answer in the order they were given; `total` is the sum of its parts.

    Attributes:
        tokenize: from text to ids.
        set: checks, setting up a new length, writing the inputs.
        invoke: the engine's own work.
        finish: from output to answer.
        reference: of the fixed calculation that was timed before and after each answer, mean of
            both; empty where there was none.
    """

    tokenize: tuple[float, ...] = ()
    set: tuple[float, ...] = ()
    invoke: tuple[float, ...] = ()
    finish: tuple[float, ...] = ()
    total: tuple[float, ...] = ()
    reference: tuple[float, ...] = ()


@dataclass(frozen=True)
class Round:
    """A stretch of samples taken in one go.

    Attributes:
        first: its first sample.
        count: how many they are.
        process: number of the process that gave them, from 0 on.
        throttled: the device slowed itself down during it.
        clock_mhz: at its end, mean of the cores.
        temperature_c: at its end.
    """

    first: int
    count: int
    process: int = 0
    throttled: bool | None = None
    clock_mhz: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True)
class Stats:
    """Microseconds an answer, throttled rounds left out."""

    p50: float
    p90: float
    p99: float
    mean: float
    deviation: float


@dataclass(frozen=True)
class MemoryState:
    """Resident memory of a process in bytes, in parts that add up to `resident`.

    Attributes:
        private: anonymous: the heap, what the engine packed.
        shared: pages that other processes have mapped as well.
        mapped: pages of files that only this process has mapped; the system can take them back.
        resident: all of it.
    """

    private: int | None = None
    shared: int | None = None
    mapped: int | None = None
    resident: int | None = None


@dataclass(frozen=True)
class Memory:
    """Memory of the process of a run.

    Attributes:
        baseline: engine and runtime imported, nothing loaded.
        loaded: the file is open.
        first: after the first answer.
        peak: highest ever; only `resident` is known of it.
        model_file: how much of `first.shared` and `first.mapped` is the model file.
        cached: in place of `first`, with XNNPACK's weight cache.
        compiled: the same without the cache.
        compiled_baseline: in place of `baseline`, for these two: LiteRT's API that has the cache
            is imported on top of it. None: not told, as by older reports and phones.
    """

    baseline: MemoryState = MemoryState()
    loaded: MemoryState = MemoryState()
    first: MemoryState = MemoryState()
    peak: MemoryState = MemoryState()
    model_file: int | None = None
    cached: MemoryState | None = None
    compiled: MemoryState | None = None
    compiled_baseline: MemoryState | None = None


@dataclass(frozen=True)
class Accuracy:
    """The task's usual metric on the data that was given.

    Attributes:
        low: lower end of its 95 % interval; None in reports of older versions.
    """

    metric: str
    value: float
    rows: int
    low: float | None = None


@dataclass(frozen=True)
class Energy:
    """Energy of the whole device (or processor, as `source` says) while it answered."""

    joules_per_1000: float
    source: str


@dataclass(frozen=True)
class Run:
    """One model, engine, number of threads and input, in a process of its own.

    Attributes:
        engine: its package.
        cores: the process was kept on, such as "0-3"; None: all.
        stats: None where every round was throttled.
        accelerator: that ran the graph.
        accelerated: share of the graph's ops that it ran, 0 to 1; None on the cpu.
    """

    model: ModelFacts
    engine: str
    engine_version: str | None
    threads: int
    cores: str | None
    input: Input
    cold: ColdStart
    samples_us: Samples
    rounds: tuple[Round, ...]
    stats: Stats | None
    memory: Memory
    accuracy: Accuracy | None = None
    energy: Energy | None = None
    notes: tuple[str, ...] = ()
    accelerator: AcceleratorName = "cpu"
    accelerated: float | None = None


def accuracy_key(run: Run) -> tuple[str, str, str]:
    """What decides a run's accuracy, so that runs share it: the file, and what ran it."""
    return run.model.sha256, run.engine, run.accelerator


@dataclass(frozen=True)
class RunRatio:
    """How many times longer run number `run` takes than run number `against`, interval 95 %."""

    run: int
    against: int
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class DeviceResult:
    """All runs of one device.

    Attributes:
        name: its address: "local", "ssh://…" or "adb:…".
        ratios: of runs that differ in the model or accelerator alone and were interleaved.
    """

    name: str
    facts: Facts
    runs: tuple[Run, ...]
    ratios: tuple[RunRatio, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> DeviceResult:
        """Reads plain values.

        Raises:
            EdgebertError: they do not fit.
        """
        device = from_json(cls, value, "device result")
        device.check_places()
        return device

    def check_places(self) -> None:
        """Refuses ratios of runs that are not there, and rounds of samples that are not."""
        for ratio in self.ratios:
            if not {ratio.run, ratio.against} <= set(range(len(self.runs))):
                raise EdgebertError(
                    f"benchmark report: {self.name} has {len(self.runs)} runs; a ratio "
                    f"is of {ratio.run} against {ratio.against}"
                )
        for run in self.runs:
            count = len(run.samples_us.total)
            if run.samples_us.reference and len(run.samples_us.reference) != count:
                raise EdgebertError(
                    f"benchmark report: {self.name}, {run.model.name}: the reference kernel has "
                    f"{len(run.samples_us.reference)} samples, the answers have {count}"
                )
            if any(r.first < 0 or r.count < 0 or r.first + r.count > count for r in run.rounds):
                raise EdgebertError(
                    f"benchmark report: {self.name}, {run.model.name}: a round lies beyond "
                    f"the {count} samples"
                )


@dataclass(frozen=True)
class BenchmarkReport:
    """A whole benchmark.

    Attributes:
        created: ISO 8601, UTC.
        edgebert: version.
    """

    created: str
    edgebert: str
    devices: tuple[DeviceResult, ...]
    format: int = FORMAT

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from edgebert.formatting import UNKNOWN, megabytes, number
        from edgebert.page.notebook import notebook_table

        rows = [
            (
                run.model.name,
                device.name,
                run.input.name or f"{run.input.tokens} tokens",
                number(run.stats.p50 / 1000) if run.stats else UNKNOWN,
                megabytes(run.model.bytes),
            )
            for device in self.devices
            for run in device.runs
        ]
        return notebook_table("Benchmark", ("model", "device", "input", "p50 ms", "MB"), rows)

    def to_json(self) -> str:
        """The text of the file."""
        return json.dumps(asdict(self), separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> BenchmarkReport:
        """Reads a report, which may come from anywhere.

        Raises:
            EdgebertError: not JSON, of a newer format, or not as the schema says.
        """
        try:
            value = json.loads(text, object_hook=_with_new_names)
        except (TypeError, ValueError, RecursionError) as error:
            raise EdgebertError("not a benchmark report: not JSON") from error
        if not isinstance(value, dict) or "devices" not in value:
            raise EdgebertError("not a benchmark report (edgebert benchmark -o FILE makes one)")
        if value.get("format") not in (1, FORMAT):
            raise EdgebertError(
                f"benchmark report of format {value.get('format')!r}; this edgebert reads "
                f"1 and {FORMAT}; update edgebert or measure again"
            )
        report = from_json(cls, value, "report")
        for device in report.devices:
            device.check_places()
        return report


def _with_new_names(fields: dict[str, Any]) -> dict[str, Any]:
    """An object of a report of format 1 under the names of this one."""
    if "yardstick" in fields:
        fields["reference"] = fields.pop("yardstick")
    return fields


def read_report(path: Path) -> BenchmarkReport:
    """Reads a report file.

    Raises:
        EdgebertError: no such file, too large to be one, or not a report.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise EdgebertError(f"{path}: larger than 1 GB; not a benchmark report")
        text = path.read_bytes()
    except OSError as error:
        raise EdgebertError(f"{path}: cannot read: {error.strerror}") from error
    try:
        return BenchmarkReport.from_json(text)
    except EdgebertError as error:
        raise EdgebertError(f"{path}: {error}") from error
