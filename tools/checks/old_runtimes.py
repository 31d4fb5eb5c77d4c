"""Which release of which engine opens each form of file and answers rightly: docs/size.md.

    python -m tools.checks.old_runtimes [--publish docs/size.md]

Converts a classifier and a masked language model in every form that takes texts of any length, and
runs the files' own self-tests on real old wheels (`make old-runtimes`), each installed into a
folder of its own under `build/old-runtimes`. tflite-runtime before 2.14 needs Python 3.9 on the
PATH; a release that cannot be installed here is left out with the reason. Ends with status 1 where
a file's record promises a release that does not answer rightly.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import edgebert
from edgebert.converter.options import RecipeName, RuntimeName
from edgebert.model_file.read import read_model_file
from edgebert.version import version_numbers
from tools.docs.pages import write_between_marks

_ROOT = Path(__file__).parents[2]
_CACHE = _ROOT / "build/old-runtimes"
_WORKER = Path(__file__).with_name("old_runtimes_worker.py")

LITERT, TFLITE = "ai-edge-litert", "tflite-runtime"


@dataclass(frozen=True)
class Release:
    """A release of an engine.

    Attributes:
        python: the command of a Python that it has a wheel for.
        speaks: the TFLite version whose ops it has.
    """

    package: str
    version: str
    python: str
    speaks: str

    @property
    def title(self) -> str:
        """As the table calls it."""
        return f"{'LiteRT' if self.package == LITERT else 'tflite-runtime'} {self.version}"


RELEASES = (
    *(
        Release(TFLITE, version, python, version)
        for version, python in {
            "2.7.0": "python3.9",
            "2.8.0": "python3.9",
            "2.9.1": "python3.9",
            "2.11.0": "python3.9",
            "2.13.0": "python3.9",
            "2.14.0": "python3.11",
        }.items()
    ),
    *(
        Release(LITERT, version, "python3.11", speaks)
        for version, speaks in {
            "1.0.1": "2.17",
            "1.1.2": "2.19",
            "1.2.0": "2.19",
            "1.3.0": "2.20",
            "1.4.0": "2.20",
            "2.0.2": "2.20",
            "2.1.0": "2.21",
            "2.1.6": "2.21",
            "2.2.0": "2.21",
            "2.3.0": "2.21",
        }.items()
    ),
)
"""From old to new, as TFLite was renamed LiteRT."""

FORMS: Sequence[tuple[RecipeName, RuntimeName]] = (
    ("int8", "tflite-runtime"),
    ("float16", "tflite-runtime"),
    ("float32", "tflite-runtime"),
    ("float32", "litert"),
    ("int8", "litert"),
    ("int8-static", "litert"),
    ("int8-fine", "litert"),
    ("float16", "litert"),
    ("w8-t4-a8", "litert"),
    ("w8-t4-a8-static", "litert"),
    ("w16-t4-a32", "litert"),
    ("w4-t8-a8", "litert"),
    ("int4", "litert"),
)
SOURCES = ("hf_classifier_2x32", "hf_pretraining_2x32")


@dataclass(frozen=True)
class Row:
    """What all releases made of a form.

    Attributes:
        needs: TFLite release that the files' records ask for.
        verdicts: "right", "wrong", "refused" or "crashed" by release, the worst of all files.
    """

    form: tuple[RecipeName, RuntimeName]
    needs: str
    verdicts: Mapping[Release, str]

    @property
    def broken_promises(self) -> list[Release]:
        """Releases that have all the ops, by the record, and are not right."""
        return [
            release
            for release, verdict in self.verdicts.items()
            if verdict != "right" and version_numbers(release.speaks) >= version_numbers(self.needs)
        ]


def convert(folder: Path) -> dict[tuple[RecipeName, RuntimeName], list[Path]]:
    """Converts every source in every form."""
    found: dict[tuple[RecipeName, RuntimeName], list[Path]] = {}
    for recipe, runtime in FORMS:
        for source in SOURCES:
            path = folder / f"{source}-{recipe}-{runtime}.tflite"
            edgebert.convert(
                _ROOT / "tests/data/reference" / source,
                path,
                task="classify" if "classifier" in source else "fill-mask",
                quantize=recipe,
                runtime=runtime,
                force=True,
            )
            found.setdefault((recipe, runtime), []).append(path)
    return found


def installed(release: Release) -> list[Path] | str:
    """Folders with the engine and a NumPy for it, or why it cannot be had."""
    python = release.python
    # A shim may be there for a Python that is not.
    if not shutil.which(python) or subprocess.run([python, "-c", ""], check=False).returncode:
        return f"no {python} here"
    folders = []
    for package, name in (
        (f"{release.package}=={release.version}", f"{release.package}-{release.version}"),
        ("numpy<2", f"numpy-{release.python}"),
    ):
        folder = _CACHE / name
        if not folder.is_dir():
            part = _CACHE / f"{name}.part"
            options = ["--quiet", "--no-deps", "--target", part]
            command = [python, "-m", "pip", "install", *options, package]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            if ran.returncode:
                return ran.stderr.strip().splitlines()[-1]
            part.rename(folder)
        folders.append(folder)
    return folders


def verdicts(release: Release, folders: Sequence[Path], files: Sequence[Path]) -> dict[Path, str]:
    """What a release makes of each file, in a process that is started again where it dies."""
    found: dict[Path, str] = {}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    while len(found) < len(files):
        rest = files[len(found) :]
        ran = subprocess.run(
            [release.python, _WORKER, *rest],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        lines = [json.loads(line) for line in ran.stdout.splitlines()]
        for line in lines:
            found[Path(line["file"])] = line["verdict"]
            print(f"  {Path(line['file']).name}: {line['verdict']}, {line['why']}", file=sys.stderr)
        if len(lines) < len(rest):
            if ran.returncode > 0:  # an error of ours
                raise RuntimeError(ran.stderr)
            found[rest[len(lines)]] = "crashed"
    return found


def rows(folder: Path) -> Iterator[Row]:
    """A row a form."""
    files = convert(folder)
    every = [path for paths in files.values() for path in paths]
    told: dict[Release, dict[Path, str]] = {}
    for release in RELEASES:
        folders = installed(release)
        if isinstance(folders, str):
            print(f"{release.title}: left out: {folders}", file=sys.stderr)
            continue
        print(release.title, file=sys.stderr)
        told[release] = verdicts(release, folders, every)
    order = ("crashed", "wrong", "refused", "right")
    for form, paths in files.items():
        needs = [read_model_file(path).record.minimum_runtime for path in paths]
        yield Row(
            form,
            max(needs, key=version_numbers),
            {
                release: min((each[path] for path in paths), key=order.index)
                for release, each in told.items()
            },
        )


def table(found: Sequence[Row]) -> str:
    """The table of the page: for each form the first release from which on all are right."""
    lines = [
        "| recipe | `--runtime` | its record asks for | right from | refused by | wrong silently |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        first = next((release for release in row.verdicts if _right_from(row, release)), None)
        cells = [
            f"`{row.form[0]}`",
            row.form[1],
            f"TFLite {row.needs}",
            first.title if first else "none",
            _titles(row, "refused"),
            _titles(row, "wrong", "crashed"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _right_from(row: Row, release: Release) -> bool:
    """Whether this release and all newer ones are right."""
    newer = list(row.verdicts)[list(row.verdicts).index(release) :]
    return all(row.verdicts[each] == "right" for each in newer)


def _titles(row: Row, *kinds: str) -> str:
    """Releases by what became of them; those in a row by the first and the last."""
    runs = itertools.groupby(row.verdicts, lambda release: row.verdicts[release] in kinds)
    named = [list(group) for told, group in runs if told]
    return ", ".join(
        run[0].title if len(run) == 1 else f"{run[0].title} to {run[-1].title}" for run in named
    )


def main() -> None:
    """Prints the table, or writes it into a page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--publish", type=Path, help="page with the marks of the table")
    arguments = parser.parse_args()
    folder = _CACHE / "models"
    folder.mkdir(parents=True, exist_ok=True)
    found = list(rows(folder))
    if arguments.publish is not None:
        write_between_marks(arguments.publish, "old runtimes", table(found))
    print(table(found))
    broken = [f"{row.form[0]}: {r.title}" for row in found for r in row.broken_promises]
    if broken:
        sys.exit(f"promised by the record, and not right: {'; '.join(broken)}")


if __name__ == "__main__":
    main()
