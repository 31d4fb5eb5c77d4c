"""The page of the package on an index: README, whose links lead to the home page once there is one.

`Homepage` under `[project.urls]` in pyproject.toml is the one place that names it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r'(\]\(|src=")(?!https?://|#)([^)"]+)')
_IMAGES = (".png", ".svg")


class PackagePage(MetadataHookInterface):
    """Sets `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Adds README to the metadata of the project."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        home = metadata.get("urls", {}).get("Homepage")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, home) if home else text,
        }


def absolute(text: str, home: str) -> str:
    """Markdown whose links to files of the repository lead to its newest version at `home`."""

    def lead(match: re.Match[str]) -> str:
        kind = "raw" if match[2].endswith(_IMAGES) else "blob"
        return f"{match[1]}{home.rstrip('/')}/{kind}/HEAD/{match[2]}"

    return _LINK.sub(lead, text)
