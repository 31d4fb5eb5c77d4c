"""Downloads arrive whole or not at all, whatever the server and the network do."""

import base64
import hashlib
import io
import socket
import stat
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import google_crc32c
import pytest

from edgebert.checkpoints import transfer
from edgebert.checkpoints.cache import cache_folder, cached_path
from edgebert.checkpoints.download import download
from edgebert.errors import EdgebertError
from edgebert.retry_policy import RetryPolicy

BODY = bytes(range(256)) * 4_000  # about 1 MB
HASTY = RetryPolicy(timeout=5, retries=2, pause=0)


@pytest.fixture(autouse=True)
def _one_file(web, cache):
    web.files["/models/a.zip"] = BODY


def fetch(web, name="a.zip", patience=HASTY, **options) -> Path:
    return download(f"{web.url}/models/{name}", patience=patience, **options)


def refused(web, name="a.zip", **options) -> str:
    """The one line with which the download is refused; nothing finished is left behind."""
    with pytest.raises(EdgebertError) as caught:
        fetch(web, name, **options)
    assert "\n" not in str(caught.value)
    assert not cached_path(f"{web.url}/models/{name}").exists()
    return str(caught.value)


def left(cache: Path) -> set[str]:
    """What is in the cache, without the empty lock."""
    return {p.name for p in cache.rglob("*") if p.is_file() and p.suffix != ".lock"}


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def base64_of(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def test_a_file_is_fetched_once_and_then_taken_from_the_cache(web, cache):
    first, second = fetch(web), fetch(web)
    assert first == second
    assert first.name == "a.zip"
    assert first.read_bytes() == BODY
    assert first.is_relative_to(cache)
    assert len(web.requests) == 1
    assert left(cache) == {"a.zip", "a.zip.sha256"}
    line = f"{hashlib.sha256(BODY).hexdigest()}  a.zip\n"
    assert first.with_name("a.zip.sha256").read_text() == line


def test_a_cached_file_that_changed_is_fetched_again(web):
    path = fetch(web)
    path.write_bytes(BODY[:-1] + b"!")
    assert fetch(web).read_bytes() == BODY
    assert len(web.requests) == 2


def test_the_same_name_at_two_addresses_is_two_files(web):
    web.files["/other/a.zip"] = b"other"
    assert fetch(web).read_bytes() == BODY
    assert download(f"{web.url}/other/a.zip").read_bytes() == b"other"


def test_progress_rises_to_the_total(web):
    seen = []
    fetch(web, progress=lambda *report: seen.append(report))
    done = [report[0] for report in seen]
    assert done == sorted(done)
    assert done[0] == 0
    assert seen[-1] == (len(BODY), len(BODY), "a.zip")


def test_a_cut_connection_is_resumed_where_it_broke(web):
    web.cuts = [300_000, 200_000]
    seen = []
    assert fetch(web, progress=lambda *report: seen.append(report[0])).read_bytes() == BODY
    assert web.requested_ranges() == [None, "bytes=300000-", "bytes=500000-"]
    assert {headers.get("If-Range") for _, _, headers in web.requests[1:]} == {'"version-1"'}
    assert seen == sorted(seen)


def interrupted(web):
    """A download that Ctrl-C stops half-way."""

    def interrupt(done, total, _description):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(web, progress=interrupt)


def test_ctrl_c_leaves_a_part_that_the_next_run_resumes(web, cache):
    interrupted(web)
    assert left(cache) == {"a.zip.part", "a.zip.etag"}
    part = next(cache.rglob("*.part")).stat().st_size
    assert 0 < part < len(BODY)
    assert fetch(web).read_bytes() == BODY
    assert web.requested_ranges()[-1] == f"bytes={part}-"
    assert left(cache) == {"a.zip", "a.zip.sha256"}


def test_a_server_that_ignores_range_restarts_cleanly(web):
    web.cuts, web.ranges = [300_000], False
    assert fetch(web).read_bytes() == BODY
    assert web.requested_ranges() == [None, "bytes=300000-"]


@pytest.mark.parametrize("body", [BODY[::-1], b"shorter than the part"])
def test_a_file_that_changed_meanwhile_restarts(web, body):
    interrupted(web)
    web.etag, web.files["/models/a.zip"] = '"version-2"', body
    assert fetch(web).read_bytes() == body


def test_without_an_etag_nothing_is_resumed(web):
    web.etag = None
    interrupted(web)
    assert fetch(web).read_bytes() == BODY
    assert web.requested_ranges() == [None, None]


def test_a_part_longer_than_the_file_starts_afresh(web):
    interrupted(web)
    web.files["/models/a.zip"] = BODY[:1_000]
    assert fetch(web).read_bytes() == BODY[:1_000]


@pytest.mark.parametrize(("first", "etag"), [(-5, '"version-1"'), (0, '"version-2"')])
def test_another_part_than_the_one_asked_for_is_not_appended(web, cache, first, etag):
    interrupted(web)
    first += next(cache.rglob("*.part")).stat().st_size
    span = {"Content-Range": f"bytes {first}-{len(BODY) - 1}/{len(BODY)}", "ETag": etag}
    web.replies["/models/a.zip"] = (206, span, BODY[first:])
    assert "another part than the one asked for" in refused(web)


def test_fewer_bytes_than_announced_are_refused(web):
    web.announced, web.etag = len(BODY) + 10, None
    message = refused(web)
    assert f"broke off after {len(BODY)} of {len(BODY) + 10} bytes" in message
    assert "fetch the file yourself" in message
    assert len(web.requests) == 1 + 1 + HASTY.retries  # the first brought something


@pytest.mark.parametrize(
    "headers",
    [
        {"x-goog-hash": "crc32c=AAAAAA==,md5=" + base64_of(bytes(16))},
        {"x-goog-hash": "md5=not base64"},
        {"x-goog-hash": "crc32c=AAAAAA=="},
        {"Content-MD5": base64_of(bytes(16))},
    ],
)
def test_a_wrong_hash_is_refused_and_nothing_is_kept(web, cache, headers):
    web.headers = headers
    assert "arrived damaged" in refused(web)
    assert left(cache) == set()


@pytest.mark.parametrize("algorithm", ["md5", "crc32c"])
def test_a_part_damaged_on_disk_is_noticed_by_the_hash(web, cache, algorithm):
    digests = {
        "md5": md5(BODY),
        "crc32c": google_crc32c.value(BODY).to_bytes(4, "big"),
    }
    web.headers = {"x-goog-hash": f"{algorithm}={base64_of(digests[algorithm])}"}
    interrupted(web)
    part = next(cache.rglob("*.part"))
    part.write_bytes(b"!" + part.read_bytes()[1:])
    assert algorithm in refused(web)
    assert fetch(web).read_bytes() == BODY


def test_content_md5_of_a_resumed_part_is_not_taken_for_that_of_the_file(web):
    web.cuts = [300_000]
    web.headers = {"Content-MD5": base64_of(md5(BODY[300_000:]))}
    assert fetch(web).read_bytes() == BODY


def test_a_missing_file_is_not_asked_for_again(web):
    assert "the server says 404" in refused(web, "b.zip")
    assert len(web.requests) == 1


def test_a_busy_server_is_asked_again(web):
    web.replies["/models/a.zip"] = (503, {}, b"")
    assert "503" in refused(web)
    assert len(web.requests) == 1 + HASTY.retries


def test_a_server_that_never_answers_times_out(web):
    web.silence = True
    assert "timed out" in refused(web, patience=RetryPolicy(timeout=0.1, retries=1, pause=0))
    assert len(web.requests) == 2


def test_no_server_at_all_is_one_line(cache):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a.zip"
    with pytest.raises(EdgebertError, match="Connection refused"):
        download(url, patience=HASTY)


def test_redirects_within_http_are_followed_with_their_range(web):
    web.replies["/models/a.zip"] = (302, {"Location": "/real.zip"}, b"")
    web.files["/real.zip"] = BODY
    web.cuts = [None, 300_000]
    assert fetch(web).read_bytes() == BODY
    assert web.requested_ranges()[-1] == "bytes=300000-"


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/a", "data:,hello"])
def test_redirects_away_from_http_are_refused(web, target):
    web.replies["/models/a.zip"] = (302, {"Location": target}, b"")
    message = refused(web)
    assert target in message
    assert len(web.requests) == 1


def test_a_redirect_from_https_to_http_is_refused():
    request = urllib.request.Request("https://127.0.0.1/a.zip")
    handler = transfer._OnlyHttp()
    with pytest.raises(EdgebertError, match="only https is followed"):
        handler.redirect_request(request, io.BytesIO(), 302, "", {}, "http://127.0.0.1/a.zip")


def test_a_redirect_loop_ends(web):
    web.replies["/models/a.zip"] = (302, {"Location": "/models/a.zip"}, b"")
    assert "infinite loop" in refused(web)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": None}])
def test_a_file_without_end_is_refused(web, monkeypatch, headers):
    monkeypatch.setattr(transfer, "LARGEST_FILE", 100_000)
    web.headers = headers
    assert "too much to download" in refused(web)


def test_a_server_that_does_not_say_how_long_the_file_is(web):
    web.headers = {"Content-Length": None}
    seen = []
    assert fetch(web, progress=lambda *report: seen.append(report)).read_bytes() == BODY
    assert seen[-1] == (len(BODY), None, "a.zip")


def test_many_at_once_download_once(web):
    with ThreadPoolExecutor(6) as pool:
        barrier = threading.Barrier(6)
        paths = list(pool.map(lambda _: (barrier.wait(5), fetch(web))[1], range(6)))
    assert {path.read_bytes() for path in paths} == {BODY}
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/a.zip",
        "file:///etc/passwd",
        "a.zip",
        "http:///a.zip",
        "http://[::1/a.zip",
        "http://127.0.0.1:99999/a.zip",
        "http://127.0.0.1/a b.zip",
        "http://127.0.0.1/a.zip\r\nHost: evil",
    ],
)
def test_other_addresses_are_refused(cache, url):
    with pytest.raises(EdgebertError, match="an http or https URL is needed"):
        download(url)
    assert not cache.exists()


@pytest.mark.parametrize("name", ["", "..", "%2e%2e", ".hidden", "a%2Fb.zip/..", "a%00.zip"])
def test_names_that_are_no_plain_file_name_are_refused(cache, name):
    with pytest.raises(EdgebertError, match="plain file name"):
        download(f"http://127.0.0.1/models/{name}")


def test_a_cache_that_cannot_be_written_says_which_and_how_to_choose_another(web, monkeypatch):
    monkeypatch.setenv("EDGEBERT_CACHE", "/dev/null/cache")
    with pytest.raises(EdgebertError, match=r"^/dev/null/cache.*EDGEBERT_CACHE"):
        fetch(web)


def test_the_cache_is_where_the_environment_says(monkeypatch):
    monkeypatch.setenv("EDGEBERT_CACHE", "/somewhere")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.delenv("EDGEBERT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/xdg/edgebert")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "edgebert"


def test_what_is_cached_has_the_permissions_of_the_user(web):
    assert stat.S_IMODE(fetch(web).stat().st_mode) & 0o600 == 0o600
