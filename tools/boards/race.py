"""The whole race on somebody's board, over ssh or adb, into one JSON file to send back.

    python -m tools.boards.race ssh://pi@raspberrypi.local --name "Pi 4, 4 GB" -o pi4.json

Files of all recipes that are worth it are made here and measured there by `edgebert benchmark`;
over ssh, ONNX Runtime takes turns with them on files that `--onnx` names. `docs/boards.md` tells
more.
"""

from __future__ import annotations

import argparse
import json
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import edgebert
from edgebert.benchmarking.devices.address import DeviceOptions, parse_ssh
from edgebert.benchmarking.devices.ssh import SshDevice
from edgebert.checkpoints.sources import MINILM
from edgebert.converter.options import RecipeName
from edgebert.errors import EdgebertError
from edgebert.files import refuse_overwrite, replacing, sha256_of
from edgebert.model_file.names import VOCABULARY_FILE
from edgebert.model_file.read import read_model_file
from edgebert.progress import Progress, silent

FORMAT = 1
FOLDER = Path("build/boards")
LENGTHS = (24, 128)
THREADS = (1, 4)
RECIPES: tuple[RecipeName, ...] = ("int8", "int8-static", "int8-fine", "w8-t4-a8", "float32")
SHIPPED = "intents.tflite"

_GUEST = Path(__file__).parents[1] / "devices/emulated_pi/guest.py"
_PACKAGES = ("ai-edge-litert==2.3.0", "onnxruntime==1.32.0", "numpy")
_MAKE_ENVIRONMENT = """
set -e
[ -e "$1/ready" ] && exit
python3 -m venv --clear "$1"
folder=$1; shift
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
touch "$folder/ready"
"""


@dataclass(frozen=True)
class RacedFile:
    """A file of the race."""

    name: str
    sha256: str
    bytes: int


def models(folder: Path, recipes: Sequence[RecipeName] = RECIPES) -> list[Path]:
    """The files to race, made anew: those of an earlier version would be measured as this one's."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [folder / f"minilm-{recipe}.tflite" for recipe in recipes]
    for recipe, path in zip(recipes, found, strict=True):
        edgebert.convert(MINILM, path, quantize=recipe, force=True)
    shipped = folder / SHIPPED
    shipped.write_bytes((resources.files("edgebert") / "data" / SHIPPED).read_bytes())
    return [*found, shipped]


def vocabulary_size(file: Path) -> int:
    """How many pieces a file's vocabulary has."""
    with zipfile.ZipFile(file) as archive:
        return archive.read(VOCABULARY_FILE).count(b"\n")


def race(
    address: str,
    files: Sequence[Path],
    *,
    onnx: Sequence[Path] = (),
    lengths: Sequence[int] = LENGTHS,
    threads: Sequence[int] = THREADS,
    min_seconds: float | None = None,
    options: DeviceOptions,
    progress: Progress = silent,
) -> dict[str, Any]:
    """What is sent back.

    Args:
        address: as `edgebert benchmark --device` takes it.
        files: of edgebert.
        onnx: files for ONNX Runtime.
        lengths: in tokens; those beyond what a file takes are left out for it.
        threads: of one answer.
        min_seconds: of each run; None: benchmark's own.
        options: of the device.
        progress: told how far it is.

    Raises:
        EdgebertError: the device cannot be reached, or lacks something; in one line.
    """
    # A file that is made for shorter texts is measured at those of the lengths that it takes.
    by_lengths: dict[tuple[int, ...], list[Path]] = {}
    for file in files:
        most = read_model_file(file).record.max_length
        by_lengths.setdefault(tuple(n for n in lengths if n <= most), []).append(file)
    reports = []
    for taken, some in by_lengths.items():
        outcome = edgebert.benchmark(
            some,
            address,
            lengths=taken,
            threads=threads,
            min_seconds=min_seconds,
            python=options.python,
            ssh_config=options.ssh_config,
            progress=progress,
        )
        if outcome.report is None:
            raise EdgebertError("; ".join(outcome.failures))
        reports.append(json.loads(outcome.report.to_json()))
    same = [file for file in files if file.name != SHIPPED]
    return {
        "format": FORMAT,
        "files": [asdict(RacedFile(f.name, sha256_of(f), f.stat().st_size)) for f in files],
        "reports": reports,
        "turns": _turns(address, same, onnx, lengths, options) if onnx else [],
    }


def _turns(
    address: str,
    files: Sequence[Path],
    onnx: Sequence[Path],
    lengths: Sequence[int],
    options: DeviceOptions,
) -> list[dict[str, Any]]:
    """Our files of the same models and ONNX Runtime's, in turns; over ssh alone."""
    parsed = parse_ssh(address)
    if parsed is None:
        raise EdgebertError(
            f"{address}: ONNX Runtime needs a Python there, so ssh; leave out --onnx"
        )
    with SshDevice(parsed, options) as device:
        python = options.python
        if python is None:
            folder = f"{device.files}/onnxruntime"
            device.shell(_MAKE_ENVIRONMENT, folder, *_PACKAGES)
            python = f"{folder}/bin/python"
        script, guest, *there = (
            device.keep(path, silent)
            for path in (Path(__file__).with_name("board_worker.py"), _GUEST, *files, *onnx)
        )
        pieces = str(vocabulary_size(files[0]))
        told = device.shell('"$@"', python, script, guest, pieces, *there, "--", *map(str, lengths))
        rows: list[dict[str, Any]] = json.loads(told.splitlines()[-1])
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("address", help="ssh://[user@]host[:port], adb, adb:SERIAL or local")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the file to send back")
    parser.add_argument("--force", action="store_true", help="replace an output that exists")
    parser.add_argument("--name", required=True, help="of the board, with its memory")
    parser.add_argument("--notes", default="", help="cooling, power supply, governor …")
    parser.add_argument("--onnx", type=Path, action="append", default=[], help="an int8 MiniLM")
    parser.add_argument("--python", help="there, with numpy and an engine; default: made there")
    parser.add_argument("--ssh-config", type=Path, help="file for ssh -F")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where files are made")
    parser.add_argument("--min-seconds", type=float, help="of each run")
    arguments = parser.parse_args()
    try:
        refuse_overwrite(arguments.output, force=arguments.force)
        found = race(
            arguments.address,
            models(arguments.folder),
            onnx=arguments.onnx,
            min_seconds=arguments.min_seconds,
            options=DeviceOptions(arguments.python, None, arguments.ssh_config),
        )
        with replacing(arguments.output, force=arguments.force) as part:
            told = {"board": arguments.name, "notes": arguments.notes, **found}
            part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    except EdgebertError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{arguments.output}: please send it back (docs/boards.md)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
