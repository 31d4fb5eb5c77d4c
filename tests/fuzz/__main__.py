"""`make fuzz`: looks for inputs on which a reader fails, guided by coverage (atheris).

Each reader of outside bytes gets so many seconds, which its targets share, each a process of its
own. What it finds is written to
tests/fuzz/regressions/TARGET, where `make test` reads it from then on; inputs that reached new code
stay in build/fuzz, where the next run goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
REGRESSIONS = HERE / "regressions"
BUILD = HERE.parents[1] / "build" / "fuzz"

_MEGABYTES = 2048  # of the process, where the limit of `outcome` did not hold
_SECONDS = 60  # of one input, likewise


def main() -> int:
    """Runs targets one after the other; 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("readers", nargs="*", help="by name; all if none is named")
    parser.add_argument("--seconds", type=int, default=600, help="a reader")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _fuzz(*options.readers, options.seconds)
    from tests.fuzz.targets import READERS

    unknown = set(options.readers) - set(READERS)
    if unknown:
        parser.error(f"no reader {', '.join(sorted(unknown))}; there are {', '.join(READERS)}")
    chosen = [name for name in READERS if not options.readers or name in options.readers]
    found = 0
    for reader in chosen:
        outcomes = [_run(each, options.seconds // len(READERS[reader])) for each in READERS[reader]]
        executions, new = map(sum, zip(*outcomes, strict=True))
        found += new
        print(f"{reader}: {executions:,} executions, {new} findings", flush=True)
    print(f"{len(chosen)} readers, {found} findings; those are in {REGRESSIONS}")
    return bool(found)


def _run(name: str, seconds: int) -> tuple[int, int]:
    """Lets processes work at a target until the time is over; gives executions and findings."""
    end = time.monotonic() + seconds
    regressions = REGRESSIONS / name
    before = _files(regressions)
    report = BUILD / f"{name}.json"
    report.unlink(missing_ok=True)
    runs = 0
    while (left := end - time.monotonic()) > 1:
        child = [sys.executable, "-m", "tests.fuzz", "--child", f"--seconds={int(left)}", name]
        log = BUILD / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            code = subprocess.run(child, stdout=file, stderr=file, check=False).returncode
        done = _executions(log.read_text("utf-8", "replace"))
        runs += done
        if code == 0 or not done:
            break
    for what, where in (json.loads(report.read_text()) if report.exists() else {}).items():
        print(f"  {name}: {where}: {what}")
    new = len(_files(regressions) - before)
    trouble = "" if runs else f"; nothing ran, see {log}"
    print(f"  {name}: {runs:,} executions, {new} findings{trouble}", flush=True)
    return runs, new or not runs


def _executions(log: str) -> int:
    """As libFuzzer counts them."""
    return max(map(int, re.findall(r"^(?:#|Done )(\d+)", log, re.MULTILINE)), default=0)


def _files(folder: Path) -> set[Path]:
    return set(folder.iterdir()) if folder.is_dir() else set()


def _fuzz(name: str, seconds: int) -> None:
    """The process of one target; libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["edgebert"]):
        from tests.fuzz.mutate import mutate
        from tests.fuzz.target import outcome
        from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    seeds = target.seeds()
    corpus = BUILD / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    regressions = REGRESSIONS / name
    regressions.mkdir(parents=True, exist_ok=True)
    scratch = tempfile.TemporaryDirectory()
    path = target.prepare(Path(scratch.name))
    known = {outcome(target, file.read_bytes(), path) for file in regressions.iterdir()}
    places = {finding.where for finding in known if finding}
    report = BUILD / f"{name}.json"
    found: dict[str, str] = json.loads(report.read_text("utf-8")) if report.exists() else {}

    def one(data: bytes) -> None:
        finding = outcome(target, data, path)
        if finding and finding.where not in places:
            places.add(finding.where)  # of the many inputs that fail in one place one is kept
            found[finding.what] = finding.where
            report.write_text(json.dumps(found), "utf-8")
            (regressions / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

    def custom(data: bytes, most: int, seed: int) -> bytes:
        draw = random.Random(seed)
        if draw.random() < 0.5:
            return bytes(atheris.Mutate(data, most))
        return mutate(data, draw, seeds)[:most]

    arguments = [
        *("fuzz", str(corpus), f"-artifact_prefix={regressions}/", f"-max_total_time={seconds}"),
        *(f"-rss_limit_mb={_MEGABYTES}", f"-timeout={_SECONDS}", "-max_len=262144"),
    ]
    atheris.Setup(arguments, one, custom_mutator=custom)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
