"""Rows from one JSON list of objects, as `datasets` and pandas write them without `lines`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.evaluation.lines import read_whole
from edgebert.text_files import json_at, unrepeated

_BETWEEN = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
_END = re.compile(r"\][ \t\r\n]*\Z")


def read_json_list(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects of a list, each with the number of the line it begins on.

    Raises:
        EdgebertError: the file cannot be read, is too large, or holds no list of objects.
    """
    text = _read(path)
    at = re.compile(r"[ \t\r\n]*").match(text).end()  # type: ignore[union-attr]
    if text[at : at + 1] != "[":
        raise EdgebertError(
            f"{path}: a list of objects is needed, such as "
            '[{"text": "…", "label": "…"}]; name a file with one object a line .jsonl'
        )
    decoder, line, counted = json.JSONDecoder(object_pairs_hook=unrepeated), 1, 0
    at += 1
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, at), at
        if _END.match(text, at):
            return
        with json_at(f"{path}, line {line}"):
            record, at = decoder.raw_decode(text, at)
        if not isinstance(record, dict):
            raise EdgebertError(
                f"{path}, line {line}: a JSON object is needed, "
                'such as {"text": "…", "label": "…"}'
            )
        yield line, record


def _read(path: Path) -> str:
    raw = read_whole(path, "write it as JSON Lines (.jsonl)")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EdgebertError(
            f"{path}: not UTF-8 (byte 0x{raw[error.start]:02X} at {error.start:,}); "
            "convert the file to UTF-8"
        ) from error
