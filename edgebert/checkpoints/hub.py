"""A checkpoint from the Hugging Face hub, through huggingface_hub and its own cache.

`HF_ENDPOINT`, `HF_HOME`, `HF_HUB_OFFLINE` and the user's token mean what they always do.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebert.errors import EdgebertError
from edgebert.extras import needed_for
from edgebert.progress import Progress, silent

_MODULE = "0_*"
"""Where sentence-transformers keeps a model that does not lie at the top: 0_Transformer, 0_BERT."""


def _in_both(*patterns: str) -> tuple[str, ...]:
    """Names of a model's files, at the top and where sentence-transformers may keep it."""
    return (*patterns, *(f"{_MODULE}/{pattern}" for pattern in patterns))


_DESCRIPTION = (
    *_in_both(
        "config.json",
        "vocab.txt",
        "added_tokens.json",
        "tokenizer*.json",
        "special_tokens_map.json",
        "sentence_*_config.json",
        "adapter_config.json",
    ),
    "modules.json",
    "config_sentence_transformers.json",
    "*/config.json",
    "*_Dense/model.safetensors",
    "*_Dense/pytorch_model.bin",
    "config_setfit.json",
    "model_head.pkl",
)
"""Whatever a reader looks for: a file that is not fetched is one that it does not honour."""
_SAFETENSORS = _in_both(
    "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors"
)
_TORCH = _in_both("pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin")


@dataclass(frozen=True)
class HubId:
    """`owner/name`, with a branch, tag or commit where one was named."""

    repository: str
    revision: str | None = None


def parse_hub_id(text: str) -> HubId | None:
    """Reads `owner/name` or `owner/name@revision`; None if `text` is neither."""
    part = r"[A-Za-z0-9][\w.-]{0,95}"
    found = re.fullmatch(rf"({part}/{part})(?:@([\w./-]{{1,200}}))?", text, re.ASCII)
    return HubId(found[1], found[2]) if found else None


def hub_folder(hub_id: HubId, *, progress: Progress = silent) -> Path:
    """Brings the files that a checkpoint needs into huggingface_hub's cache, and no others.

    `pytorch_model.bin` is fetched only where there is no safetensors file.

    Raises:
        EdgebertError: no such model or revision, no access to it, or no way to the hub and no
            copy in the cache.
    """
    folder = _snapshot(hub_id, hub_id.revision, (*_DESCRIPTION, *_SAFETENSORS), progress)
    if not any(path for pattern in _SAFETENSORS for path in folder.glob(pattern)):
        # In the cache a folder is named after its commit: the second half is of the same one.
        folder = _snapshot(hub_id, folder.name, (*_DESCRIPTION, *_TORCH), progress)
    return folder


def _snapshot(
    hub_id: HubId, revision: str | None, patterns: tuple[str, ...], progress: Progress
) -> Path:
    with needed_for("a model of the Hugging Face hub"):
        from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                hub_id.repository,
                revision=revision,
                allow_patterns=list(patterns),
                tqdm_class=_reporting_bar(progress, hub_id.repository),
            )
        )
    # What lies below huggingface_hub differs by its version (requests, httpx), and so do the
    # errors of the network: they have no common name.
    except Exception as error:
        raise EdgebertError(f"{hub_id.repository}: {_explain(error, hub_id)}") from error


def _explain(error: Exception, hub_id: HubId) -> str:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return "needs its owner's permission; ask for it on its page and log in (hf auth login)"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"has no revision {hub_id.revision or 'main'} on the Hugging Face hub"
    if isinstance(error, errors.RepositoryNotFoundError):
        return "no such folder here and no such model on the Hugging Face hub (or a private one)"
    if isinstance(error, errors.LocalEntryNotFoundError):
        if isinstance(error.__cause__, errors.OfflineModeIsEnabled):
            return "not in the cache of huggingface_hub, and HF_HUB_OFFLINE forbids to fetch it"
        error = error.__cause__ if isinstance(error.__cause__, Exception) else error
    return (
        "no such folder here, and it cannot be fetched from the Hugging Face hub: "
        + (str(error) or type(error).__name__).strip().splitlines()[0]
    )


def _reporting_bar(progress: Progress, description: str) -> Any:
    """A progress bar that draws nothing and passes on the bytes of all files together."""
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

    lock = threading.Lock()
    most = 0

    class DownloadBar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self._counts_bytes = options.get("unit") == "B"
            super().__init__(*args, **(options | {"disable": True}))  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> bool | None:
            nonlocal most
            with lock:
                self.n += n or 0
                # Received and written bytes are two bars; the one ahead is reported.
                if self._counts_bytes and self.n > most:
                    most = int(self.n)
                    progress(most, max(most, int(self.total)) if self.total else None, description)
            return None

    return DownloadBar
