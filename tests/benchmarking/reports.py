"""Reports made up for tests: every figure known beforehand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgebert.benchmarking.result import (
    Accuracy,
    BenchmarkReport,
    ColdStart,
    DeviceResult,
    Facts,
    Input,
    Memory,
    MemoryState,
    ModelFacts,
    Round,
    Run,
    RunRatio,
    Samples,
    Stats,
    read_report,
)

SAMPLE = Path(__file__).parents[1] / "data" / "benchmark" / "report.json"
TEXTS = Input("texts", name="questions", count=100)
HOSTILE = "<script>alert(1)</script>\"'&\n\x1b[31m\u202e\ud800"


def sample() -> BenchmarkReport:
    return read_report(SAMPLE)


def in_more_rounds(report):
    """The same samples, each a round of its own: enough rounds for a comparison of times."""
    return replace(
        report,
        devices=tuple(
            replace(
                device,
                runs=tuple(
                    replace(
                        run,
                        rounds=tuple(
                            replace(of, first=at, count=1)
                            for of in run.rounds
                            for at in range(of.first, of.first + of.count)
                        ),
                    )
                    for run in device.runs
                ),
            )
            for device in report.devices
        ),
    )


def sample_json():
    return json.loads(SAMPLE.read_text())


def tokens(count):
    return Input("length", tokens=count)


def model(name="tiny", quantization="int8", size=4_600_000, **other):
    facts = {"task": "classify", "layers": 2, "hidden_size": 128, "heads": 2, **other}
    return ModelFacts(name, f"{name}-{quantization}", size, quantization=quantization, **facts)


def run(of=None, ms=1.0, given=TEXTS, accuracy=None, rounds=None, processes=1, low=None, **other):
    """A run whose answers all take `ms`, a tenth of it for tokens, or as `rounds` [r, n] µs say."""
    times = np.full((10, 5), 1000.0 * ms) if rounds is None else np.asarray(rounds)
    total = times.ravel()
    samples = Samples(
        tokenize=tuple(total * 0.1),
        set=tuple(total * 0),
        invoke=tuple(total * 0.9),
        finish=tuple(total * 0),
        total=tuple(total),
    )
    stretch = times.shape[1]
    fields = {
        "engine": "ai-edge-litert",
        "engine_version": "2.3.0",
        "threads": 1,
        "cores": None,
        "cold": ColdStart(60.0, 2.0, 3.0, 5.0),
        "rounds": tuple(
            Round(at * stretch, stretch, at * processes // len(times), False)
            for at in range(len(times))
        ),
        "stats": Stats(*(float(v) for v in np.percentile(total, (50, 90, 99))), 0.0, 0.0),
        "memory": Memory(
            baseline=MemoryState(20_000_000, 9_000_000, 14_000_000, 43_000_000),
            first=MemoryState(25_000_000, 9_000_000, 18_000_000, 52_000_000),
            peak=MemoryState(resident=60_000_000),
            model_file=4_000_000,
        ),
        **other,
    }
    right = None if accuracy is None else Accuracy("accuracy", accuracy, 1000, low)
    return Run(model=of or model(), input=given, samples_us=samples, accuracy=right, **fields)


def device(*runs, name="local", ratios=(), **facts):
    return DeviceResult(name, Facts(**facts), tuple(runs), tuple(RunRatio(*r) for r in ratios))


def report(*devices) -> BenchmarkReport:
    return BenchmarkReport("2026-11-23T00:00:00Z", "0.1.0", tuple(devices))


def changed(result, **fields):
    """A device with its facts changed."""
    return replace(result, facts=replace(result.facts, **fields))
