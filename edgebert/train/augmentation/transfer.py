"""A distillation's texts and more of their kind."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from edgebert.bulk.resumable import progress_path
from edgebert.files import make_folder
from edgebert.progress import Progress, silent
from edgebert.train.augmentation.augment import Amount, augment, described
from edgebert.train.augmentation.method import Method
from edgebert.train.transfer import Transfer

_LETTERS = 16  # of a hash that tells files apart


def with_augmented(
    transfer: Transfer, method: Method, amount: Amount, folder: Path, progress: Progress = silent
) -> Transfer:
    """The texts with new ones, which are kept in a file of the folder.

    The file's name follows from all that its texts follow from: what is there is used again, and
    what is unfinished is finished.

    Args:
        transfer: labelled and other texts; new ones are made of both, and have no labels.
        method: how words are found.
        amount: how many texts are made.
        folder: made where it is not there.
        progress: told how many texts are done.

    Raises:
        EdgebertError: a file cannot be read or written.
    """
    known_by = transfer.fingerprint
    told = json.dumps([described(method, amount), known_by], sort_keys=True)
    path = folder / f"{hashlib.sha256(told.encode()).hexdigest()[:_LETTERS]}.jsonl"
    if not path.exists() or progress_path(path).exists():
        # Labels are passed over, so a row may have as many as it likes.
        total = sum(1 for _ in transfer.read(multi_label=True))
        texts = (text for text, _ in transfer.read(multi_label=True))
        make_folder(folder)
        augment(texts, method, path, amount, known_by=known_by, total=total, progress=progress)
    return replace(transfer, texts=(*transfer.texts, path))
