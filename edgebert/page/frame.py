"""The frame of a page that needs nothing else: no network, no other file.

Style and script are part of the page, and a content security policy with their hashes lets the
browser run nothing else, whatever names the page shows. Without the script everything is there.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timezone
from importlib import resources

from edgebert.page.markup import Markup, element


def page(title: str, header: Markup, main: Markup) -> str:
    """The whole page.

    Args:
        title: of the browser's window.
        header: an element.
        main: an element.
    """
    style, script = _own("page.css"), _own("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("title", title),
        element("style", style),
    )
    body = element("body", header, main, element("script", script))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def moment(written: str) -> Markup:
    """A moment of ISO 8601 in UTC, for reading; `page.js` shows it in the reader's own time."""
    try:
        at = datetime.fromisoformat(written.replace("Z", "+00:00")).astimezone(timezone.utc)
    except ValueError:  # written by someone else
        return element("time", written)
    return element("time", f"{at.day} {at:%B %Y, %H:%M} UTC", datetime=at.isoformat())


def _own(name: str) -> Markup:
    """A file of this folder, as it is."""
    return Markup(resources.files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
