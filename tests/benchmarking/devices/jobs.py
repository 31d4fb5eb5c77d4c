"""Jobs that measure nothing: a stand-in for edgebert that prints given events."""

import json
import zipfile

from edgebert.benchmarking.job import BenchmarkJob, JobModel
from edgebert.benchmarking.result import DeviceResult, Facts

RESULT = DeviceResult("local", Facts(cpu="Cortex-A76"), ()).to_json()

# Waits for a file that the test makes, so that the test decides when it goes on.
PROGRAM = """
import json, os, sys, time
from pathlib import Path
job = json.loads(Path(sys.argv[1]).read_text())
for path in [m["path"] for m in job["models"]] + [job["texts"], job["data"]]:
    if path:
        Path(path).read_bytes()
def say(**event):
    print(json.dumps(event), flush=True)
say(event="progress", done=1, total=2, what="first")
{middle}
say(event="progress", done=2, total=2, what="second")
{end}
"""
END = f"say(event='result', result=json.loads({json.dumps(RESULT)!r}))"


def wait_for(path):
    return f"while not Path({str(path)!r}).exists(): time.sleep(0.02)"


def stand_in(folder, middle="", end=END):
    """A wheel whose `edgebert.benchmarking` prints two steps and a result."""
    path = folder / "edgebert-0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("edgebert/__init__.py", "")
        archive.writestr("edgebert/benchmarking/__init__.py", "")
        program = PROGRAM.replace("{middle}", middle).replace("{end}", end)
        archive.writestr("edgebert/benchmarking/__main__.py", program)
    return path


def job_of(folder, **changes):
    """A job with one model file of 3 MB."""
    model = folder / "my model.tflite"
    model.write_bytes(bytes(range(256)) * 12_000)
    return BenchmarkJob(models=(JobModel(str(model), "0" * 64, "my model"),), **changes)
