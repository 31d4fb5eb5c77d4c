"""One file from the web: resumed, verified, and kept in the cache."""

from __future__ import annotations

import base64
import hashlib
import time
from pathlib import Path
from typing import Any

from edgebert.checkpoints.cache import cached_path, discard, is_whole, seal, sidecar
from edgebert.checkpoints.transfer import Announced, BrokenOffError, fetch
from edgebert.errors import EdgebertError
from edgebert.extras import needed_for
from edgebert.progress import Progress, silent
from edgebert.retry_policy import DEFAULT_RETRY_POLICY, RetryPolicy


def download(
    url: str, *, progress: Progress = silent, patience: RetryPolicy = DEFAULT_RETRY_POLICY
) -> Path:
    """Gives the file behind `url`, from the cache where it is there undamaged.

    Processes that want the same file at the same time wait for the first of them. Interrupted,
    by Ctrl-C too, it leaves what it has, and the next call goes on from there.

    Args:
        url: `http:` or `https:`.
        progress: told about every piece that arrives.
        patience: time-outs and retries.

    Raises:
        EdgebertError: the server refuses, cannot be reached, redirects away from HTTP or sends
            something else than it announced; or the cache cannot be written.
    """
    with needed_for("downloading a checkpoint", "convert"):
        from filelock import FileLock

    path = cached_path(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(sidecar(path, ".lock")):
            if not is_whole(path):
                _fill(url, path, progress, patience)
    except OSError as error:
        raise EdgebertError(
            f"{path.parent}: cannot write here: {error.strerror or error}; "
            "EDGEBERT_CACHE names another folder for downloads"
        ) from error
    return path


def _fill(url: str, path: Path, progress: Progress, patience: RetryPolicy) -> None:
    part = sidecar(path, ".part")
    announced = _fetch_patiently(url, path, progress, patience)
    found = _digests(part, ("sha256", *announced.digests))
    for algorithm, expected in announced.digests.items():
        if found[algorithm] != expected:
            discard(path)
            raise EdgebertError(
                f"{url}: arrived damaged: its {algorithm} is {_show(found[algorithm])}, "
                f"the server announced {_show(expected)}; run again"
            )
    seal(path, found["sha256"].hex())
    part.replace(path)
    sidecar(path, ".etag").unlink(missing_ok=True)


def _fetch_patiently(url: str, path: Path, progress: Progress, patience: RetryPolicy) -> Announced:
    """Attempt after attempt, as long as every few of them bring something."""
    part, etag_file = sidecar(path, ".part"), sidecar(path, ".etag")
    fruitless = 0
    while True:
        before = _size(part)
        try:
            return fetch(
                url,
                part,
                etag_file,
                timeout=patience.timeout,
                report=lambda done, total: progress(done, total, path.name),
            )
        except BrokenOffError as error:
            fruitless = 0 if _size(part) > before else fruitless + 1
            if fruitless > patience.retries:
                raise EdgebertError(
                    f"{url}: cannot download: {error}; run again to go on, "
                    "or fetch the file yourself and give its path"
                ) from error
            time.sleep(patience.pause * 2 ** max(fruitless - 1, 0))


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _digests(path: Path, algorithms: tuple[str, ...]) -> dict[str, bytes]:
    """Several hashes of a file in one pass."""
    states = {algorithm: _state(algorithm) for algorithm in algorithms}
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            for state in states.values():
                state.update(chunk)
    return {algorithm: state.digest() for algorithm, state in states.items()}


def _state(algorithm: str) -> Any:
    if algorithm == "crc32c":
        with needed_for("checking a download"):
            import google_crc32c

        return google_crc32c.Checksum()
    return hashlib.new(algorithm, usedforsecurity=False)


def _show(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
