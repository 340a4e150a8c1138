"""An HTTP server on loopback that has files, and can break off, refuse, change its mind, or send elsewhere."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FileServer:
    """`files` by path. The next answers break off after `breaks` bytes each, or refuse with `statuses`."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.breaks: list[int] = []
        self.statuses: list[int] = []
        self.moved: dict[str, str] = {}
        self.ranges = True
        self.asked: list[str] = []
        self.address = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        self.asked.append(request.headers.get("Range") or "")
        if request.path in self.moved:
            request.send_response(302)
            request.send_header("Location", self.moved[request.path])
            request.end_headers()
            return
        data = self.files.get(request.path)
        if data is None or self.statuses:
            request.send_error(self.statuses.pop(0) if self.statuses else 404)
            return
        tag, start = f'"{hashlib.sha256(data).hexdigest()}"', 0
        if self.ranges and self.asked[-1] and request.headers.get("If-Range") == tag:
            start = int(self.asked[-1].removeprefix("bytes=").rstrip("-"))
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.send_header("ETag", tag)
        request.send_header("Content-Length", str(len(data) - start))
        request.end_headers()
        request.wfile.write(data[start:][: self.breaks.pop(0) if self.breaks else None])


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[FileServer]:
    """The server at work; its port is gone on leaving."""
    server = FileServer(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, *_: Any) -> None:
            """The tests look at what was asked."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.address = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
