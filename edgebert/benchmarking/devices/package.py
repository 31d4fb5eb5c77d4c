"""The edgebert that runs here as one file, to be sent to a device."""

from __future__ import annotations

import zipfile
from pathlib import Path

import edgebert
from edgebert.version import __version__

_TIME = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path) -> Path:
    """Writes the package's files into a zip; the same files give the same bytes."""
    package = Path(edgebert.__file__).parent
    path = folder / f"edgebert-{__version__}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                entry = zipfile.ZipInfo(str(file.relative_to(package.parent)), _TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, file.read_bytes())
    return path
