"""One attempt to bring a file over HTTP, going on where an earlier attempt broke off."""

from __future__ import annotations

import base64
import binascii
import http.client
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, TypeAlias

from edgebert.errors import EdgebertError
from edgebert.version import __version__

LARGEST_FILE = 4 << 30
"""Bytes; 12/768 in float32 is a tenth of it."""

Report: TypeAlias = Callable[[int, "int | None"], None]

_CHUNK = 256 << 10
_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_WRONG_RANGE = 416
_PARTIAL = 206


class BrokenOffError(Exception):
    """The attempt failed in a way that may pass; what arrived is kept."""


@dataclass(frozen=True)
class Announced:
    """What the server said about the whole file.

    Attributes:
        size: bytes, None where it did not say.
        digests: by algorithm, `md5` or `crc32c`.
    """

    size: int | None
    digests: dict[str, bytes]


def fetch(url: str, part: Path, etag_file: Path, *, timeout: float, report: Report) -> Announced:
    """Brings `part` to the full length of the file behind `url`.

    Args:
        url: `http:` or `https:`.
        part: what an earlier attempt left, if any.
        etag_file: the strong ETag that `part` belongs to; without it `part` starts afresh.
        timeout: seconds without a byte before the connection counts as broken.
        report: told the bytes done and in total.

    Raises:
        BrokenOffError: try again.
        EdgebertError: trying again will not help.
        OSError: `part` cannot be written.
    """
    etag = etag_file.read_text("ascii") if etag_file.is_file() else ""
    have = part.stat().st_size if etag and part.is_file() else 0
    headers = {"User-Agent": f"edgebert/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": etag}
    with _connect(url, headers, timeout, part) as response:
        start = _start(response, have, etag, part)
        announced = _announced(response)
        if (announced.size or 0) > LARGEST_FILE:
            raise _too_large(url)
        with part.open("r+b" if start else "wb") as sink:
            etag_file.write_text(_strong_etag(response, etag), "ascii")
            done = sink.seek(start)
            report(done, announced.size)
            for piece in _pieces(response):
                done += sink.write(piece)
                if done > LARGEST_FILE:
                    raise _too_large(url)
                report(done, announced.size)
    if announced.size is not None and done != announced.size:
        raise BrokenOffError(f"broke off after {done} of {announced.size} bytes")
    return announced


def _connect(
    url: str, headers: dict[str, str], timeout: float, part: Path
) -> http.client.HTTPResponse:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    try:
        response = _opener().open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == _WRONG_RANGE:
                part.unlink(missing_ok=True)
            said = f"the server says {error.code} {' '.join(str(error.reason).split())}"
            if error.code in _PASSING_STATUS or error.code == _WRONG_RANGE:
                raise BrokenOffError(said) from error
            raise EdgebertError(f"{url}: cannot download: {said}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, (socket.gaierror, ssl.SSLCertVerificationError)):
            raise EdgebertError(f"{url}: cannot download: {error.reason}") from error
        raise BrokenOffError(str(error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise BrokenOffError(str(error) or type(error).__name__) from error
    if not isinstance(response, http.client.HTTPResponse):
        raise EdgebertError(f"{url}: cannot download: no answer over HTTP")
    return response


def _opener() -> urllib.request.OpenerDirector:
    """Unlike urllib's own, it has no way to files and FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _OnlyHttp(),
    ):
        opener.add_handler(handler)
    return opener


class _OnlyHttp(urllib.request.HTTPRedirectHandler):
    """Follows redirects to HTTP alone, and from HTTPS to HTTPS alone."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        allowed = ("https",) if req.type == "https" else ("http", "https")
        if newurl.partition(":")[0].lower() not in allowed:
            fp.close()
            raise EdgebertError(
                f"{req.full_url}: redirects to {newurl!r}; only {' and '.join(allowed)} is followed"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            piece = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise BrokenOffError(str(error) or type(error).__name__) from error
        if not piece:
            return
        yield piece


def _start(response: http.client.HTTPResponse, have: int, etag: str, part: Path) -> int:
    """The offset at which the body begins: 0 where the server sends the file from the start."""
    if response.status != _PARTIAL:
        return 0
    found = _content_range(response.headers)
    if found is None or found[0] != have or response.headers.get("ETag", etag) != etag:
        part.unlink(missing_ok=True)
        raise BrokenOffError("the server sent another part than the one asked for")
    return have


def _announced(response: http.client.HTTPResponse) -> Announced:
    headers = response.headers
    digests = {}
    for entry in ",".join(headers.get_all("x-goog-hash", [])).split(","):
        algorithm, _, value = entry.strip().partition("=")
        if algorithm in ("md5", "crc32c"):
            digests[algorithm] = _base64(value)
    if response.status == _PARTIAL:
        span = _content_range(headers)
        return Announced(span[1] if span else None, digests)
    if "Content-MD5" in headers:
        digests["md5"] = _base64(headers["Content-MD5"])
    length = re.fullmatch(r"\d{1,18}", headers.get("Content-Length", ""))
    return Announced(int(length[0]) if length else None, digests)


def _content_range(headers: Message) -> tuple[int, int | None] | None:
    """Start and whole size of a `Content-Range`."""
    found = re.fullmatch(
        r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", headers.get("Content-Range", "")
    )
    if not found:
        return None
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _strong_etag(response: http.client.HTTPResponse, known: str) -> str:
    """The ETag to resume with; empty where the server gives none that is fit for it."""
    etag = response.headers.get("ETag", known if response.status == _PARTIAL else "")
    return etag if re.fullmatch(r'"[!#-~]{1,256}"', etag) else ""


def _base64(value: str) -> bytes:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        return b""


def _too_large(url: str) -> EdgebertError:
    return EdgebertError(f"{url}: larger than {LARGEST_FILE / 1e9:.1f} GB, too much to download")
