"""A quantisation report as a file: a page to look at, or JSON with the ranges."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

from edgebert.converter.full_integer.quality import QuantizationReport
from edgebert.converter.full_integer.quality_page import to_html
from edgebert.errors import EdgebertError
from edgebert.files import refuse_overwrite, replacing


def check_path(path: Path, *, force: bool) -> None:
    """Refuses a path before there is anything to write to it.

    Raises:
        EdgebertError: it ends in nothing that is known, or is there and `force` is not set.
    """
    if path.suffix.lower() not in FORMATS:
        raise EdgebertError(
            f"{path}: a quantisation report is written as {' or '.join(FORMATS)}; end its name so"
        )
    refuse_overwrite(path, force=force)


def write(report: QuantizationReport, path: Path, title: str, *, force: bool = False) -> None:
    """Writes a report in the format that its name ends in.

    Args:
        report: what to write.
        path: the file.
        title: what was quantised.
        force: overwrite it.

    Raises:
        EdgebertError: see `check_path`; or it cannot be written.
    """
    check_path(path, force=force)
    text = FORMATS[path.suffix.lower()](report, title)
    with replacing(path, force=force) as part:
        part.write_text(text, encoding="utf-8")


def to_json(report: QuantizationReport, title: str) -> str:
    """All figures, for machines."""
    steps = [asdict(step) for step in report.steps]
    data = {"title": title, "steps": steps, "ranges": dict(report.ranges)}
    return json.dumps(data, indent=1) + "\n"


FORMATS: Mapping[str, Callable[[QuantizationReport, str], str]] = MappingProxyType(
    {".html": to_html, ".json": to_json}
)
"""By the end of the file's name."""
