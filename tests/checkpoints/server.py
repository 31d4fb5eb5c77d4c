"""A web server for the tests: on this machine only, and as unhelpful as a test wants it."""

import contextlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class WebServer:
    """What it serves and how; `requests` keeps method, path and headers of all that came.

    Attributes:
        files: body by path.
        replies: (status, headers, body) by path, sent as they are.
        cuts: for each request in turn, bytes after which the connection is cut; None sends all.
        ranges: whether Range is understood.
        etag: sent with every file; None sends none.
        headers: sent on top with every file; None takes one away.
        announced: Content-Length to claim instead of the true one.
        silence: never answers while this is set.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    replies: dict[str, tuple[int, dict[str, str | None], bytes]] = field(default_factory=dict)
    cuts: list[int | None] = field(default_factory=list)
    ranges: bool = True
    etag: str | None = '"version-1"'
    headers: dict[str, str | None] = field(default_factory=dict)
    announced: int | None = None
    silence: bool = False
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def requested_ranges(self) -> list[str | None]:
        return [headers.get("Range") for _, _, headers in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: WebServer

    def do_GET(self):
        web = self.web
        web.requests.append((self.command, self.path, dict(self.headers)))
        if web.silence:
            web.closing.wait(10)
            self.close_connection = True
        elif self.path in web.replies:
            self.reply(*web.replies[self.path])
        elif self.path in web.files:
            self.send(web.files[self.path])
        else:
            self.reply(404, {}, b"not here")

    def do_HEAD(self):
        self.do_GET()

    def send(self, body):
        web = self.web
        headers = {"ETag": web.etag} if web.etag else {}
        status, size = 200, len(body)
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and web.ranges and self.headers.get("If-Range", web.etag) == web.etag:
            start = int(asked[1])
            if start >= size:
                self.reply(416, {"Content-Range": f"bytes */{size}"}, b"")
                return
            status, body = 206, body[start:]
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        self.reply(status, headers | web.headers, body)

    def reply(self, status, headers, body):
        web = self.web
        cut = web.cuts.pop(0) if web.cuts else None
        self.send_response(status)
        length = web.announced if web.announced is not None else len(body)
        for name, value in ({"Content-Length": str(length)} | headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body[:cut])
        if cut is not None or length != len(body) or "Content-Length" in headers:
            self.close_connection = True

    def log_message(self, *_args):
        pass


@contextlib.contextmanager
def serving():
    """Gives a running `WebServer` at 127.0.0.1."""
    web = WebServer()
    handler = type("Handler", (_Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    web.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield web
    finally:
        web.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
