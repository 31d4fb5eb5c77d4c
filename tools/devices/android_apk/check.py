"""Checks an APK: what it holds, how it is laid out for pages of 16 KB, and who signed it.

    python -m tools.devices.android_apk.check app-release.apk

Takes the APK of any build, Gradle's as well. Needs Debian's packages aapt, apksigner and dexdump.
Exits with 1 where something is wrong, each thing in a line of its own.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from edgebert.errors import EdgebertError
from tools.devices.android_apk.archive import PAGE, STORED
from tools.devices.android_apk.elf import Library, read_elf

APPLICATION = "dev.edgebert.demo"
CLASSES = (
    "dev/edgebert/demo/MainActivity",
    "dev/edgebert/demo/BenchmarkActivity",
    "dev/edgebert/demo/benchmark/MeasureService$First",
    "org/tensorflow/lite/InterpreterFactoryImpl",
)
"""What is looked up by name while the app runs: R8 must have kept it."""

PARTS = {"models": ".tflite", "runtime": ".so", "code": (".dex", "unicode13.txt")}
"""Endings of what belongs to a part; the rest are resources."""

_MOST_BYTES = 1 << 30
_LOCAL_HEADER = 30


@dataclass(frozen=True)
class Native:
    """A native library in an APK.

    Attributes:
        offset: where its content begins in the APK.
        stored: not compressed, so that it is mapped from there.
    """

    name: str
    offset: int
    stored: bool
    elf: Library

    def problems(self, page: int) -> Iterator[str]:
        """Why a device with pages of this size could not map it; 32-bit ones have small pages."""
        if self.elf.bits == 32:
            return
        if not all(segment.fits(page) for segment in self.elf.segments):
            yield (
                f"{self.name}: LOAD segments aligned to {self.elf.alignment:,} bytes, "
                f"not to {page:,}"
            )
        if self.stored and self.offset % page:
            yield f"{self.name}: lies at {self.offset:,} in the APK, no multiple of {page:,}"


def main() -> int:
    """Prints what an APK holds and what is wrong with it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apk", type=Path)
    parser.add_argument("--page", type=int, default=PAGE, help="bytes of a page (default: 16384)")
    arguments = parser.parse_args()
    try:
        return show(arguments.apk, arguments.page)
    except EdgebertError as error:
        print(error, file=sys.stderr)
        return 1


def show(apk: Path, page: int) -> int:
    """Prints entries, signer and problems of an APK; 1 where there are problems."""
    print(f"{apk.name}: {apk.stat().st_size:,} bytes")
    with zipfile.ZipFile(apk) as archive:
        for info in archive.infolist():
            how = "stored" if info.compress_type == zipfile.ZIP_STORED else "deflated"
            print(f"  {info.compress_size:>12,}  {how:8}  {info.filename}")
    for part, (size, download) in parts_of(apk).items():
        print(f"{part:10} {size:>12,} bytes, {download:>12,} to download")
    for native in natives(apk):
        bits = f"{native.elf.bits} bit, LOAD alignment {native.elf.alignment:,}"
        print(f"{native.name}: {bits}, at {native.offset:,}")
    problems = list(problems_of(apk, page))
    for problem in problems:
        print(f"wrong: {problem}")
    if not problems:
        print(f"good for pages of {page:,} bytes; signature verified")
    return 1 if problems else 0


def parts_of(apk: Path) -> dict[str, tuple[int, int]]:
    """Bytes of each part of an APK, in the file and compressed, as a store sends it; and of all."""
    parts = dict.fromkeys((*PARTS, "resources", "all"), (0, 0))
    with zipfile.ZipFile(apk) as archive:
        for info in archive.infolist():
            download = len(zlib.compress(_read(archive, info), 9))
            name = info.filename
            found = next((part for part, ends in PARTS.items() if name.endswith(ends)), "resources")
            for part in (found, "all"):
                size, sent = parts[part]
                parts[part] = (size + info.compress_size, sent + download)
    return parts


def problems_of(apk: Path, page: int = PAGE) -> Iterator[str]:
    """Everything that is wrong with an APK, one line each."""
    yield from _layout_problems(apk)
    for native in natives(apk):
        yield from native.problems(page)
    yield from _manifest_problems(_tool("aapt2", "dump", "badging", str(apk)))
    yield from _class_problems(apk)
    yield from _signature_problems(apk)


def natives(apk: Path) -> list[Native]:
    """The native libraries of an APK.

    Raises:
        EdgebertError: an entry is no library.
    """
    with apk.open("rb") as file, zipfile.ZipFile(file) as archive:
        return [
            Native(
                name=info.filename,
                offset=content_offset(file, info),
                stored=info.compress_type == zipfile.ZIP_STORED,
                elf=read_elf(_read(archive, info), info.filename),
            )
            for info in archive.infolist()
            if info.filename.startswith("lib/") and info.filename.endswith(".so")
        ]


def content_offset(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where the content of an entry begins; its local header may differ from the central one."""
    file.seek(info.header_offset + _LOCAL_HEADER - 4)
    name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return info.header_offset + _LOCAL_HEADER + name + extra


def _layout_problems(apk: Path) -> Iterator[str]:
    with apk.open("rb") as file, zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if not info.filename.endswith(STORED):
                continue
            if info.compress_type != zipfile.ZIP_STORED:
                yield f"{info.filename}: compressed, so it cannot be mapped into memory"
            elif content_offset(file, info) % 4:
                yield f"{info.filename}: not aligned to 4 bytes"
        names = archive.namelist()
    for what, holds in {
        "no model in assets/models": any(
            name.startswith("assets/models/") and name.endswith(".tflite") for name in names
        ),
        "no assets/questions.txt": "assets/questions.txt" in names,
        "no library for arm64-v8a": any(name.startswith("lib/arm64-v8a/") for name in names),
    }.items():
        if not holds:
            yield what


def _manifest_problems(badging: str) -> Iterator[str]:
    for what, pattern in {
        f"package is not {APPLICATION}": rf"^package: name='{re.escape(APPLICATION)}'",
        "minSdkVersion is not 26": r"^sdkVersion:'26'",
        "targetSdkVersion is below 35": r"^targetSdkVersion:'(3[5-9]|[4-9]\d)'",
        "no activity to launch": r"^launchable-activity: name='dev\.edgebert\.demo\.MainActivity'",
    }.items():
        if not re.search(pattern, badging, re.MULTILINE):
            yield f"AndroidManifest.xml: {what}"


def _class_problems(apk: Path) -> Iterator[str]:
    found = set(re.findall(r"Class descriptor\s*:\s*'L([^;]+);'", _tool("dexdump", str(apk))))
    for name in CLASSES:
        if name not in found:
            yield f"classes.dex: no class {name}"


def _signature_problems(apk: Path) -> Iterator[str]:
    result = subprocess.run(
        ["apksigner", "verify", "--verbose", str(apk)], capture_output=True, text=True, check=False
    )
    if result.returncode:
        yield f"signature: {(result.stderr or result.stdout).strip().splitlines()[0]}"


def _tool(*command: str) -> str:
    """What a program prints.

    Raises:
        EdgebertError: it is missing, or fails.
    """
    try:
        return run(command)
    except FileNotFoundError as error:
        raise EdgebertError(
            f"{command[0]} is missing; install Debian's packages aapt, apksigner and dexdump"
        ) from error


def run(command: Sequence[str]) -> str:
    """What a program prints.

    Raises:
        EdgebertError: it fails; the message is what it says.
    """
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if result.returncode:
        said = (result.stderr or result.stdout).strip()
        raise EdgebertError(f"{command[0]} failed: {said[-2000:] or 'it says nothing'}")
    return result.stdout


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > _MOST_BYTES:
        raise EdgebertError(f"{info.filename}: {info.file_size:,} bytes; too large for an app")
    return archive.read(info)


if __name__ == "__main__":
    sys.exit(main())
