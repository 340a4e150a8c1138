"""A server on the loopback that answers as it is told, for what no real one does when it is asked to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODELS = {"data": [{"id": "base", "max_model_len": 512}]}
Answer = Callable[["Handler", dict[str, Any]], None]


class Stub(ThreadingHTTPServer):
    """`answers` are for requests to generate, one after the other, the last one again and again."""

    daemon_threads = True

    def __init__(self, answers: list[Answer], models: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.models = models
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Stub

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self.reply(200, self.server.models)
        else:
            self.reply(404, {"error": {"message": "no such place"}})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.endswith("completions"):
            self.reply(404, {"error": {"message": "no such place"}})
            return
        self.server.keys.append(self.headers["Authorization"])
        self.server.asked.append(body)
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self, body)

    def reply(self, status: int, body: object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def event(self, **fields: object) -> None:
        self.wfile.write(f"data: {json.dumps(fields)}\n\n".encode())

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def status(code: int, message: str = "", **headers: str) -> Answer:
    return lambda handler, _body: handler.reply(code, {"error": {"message": message}}, **headers)


def says(text: str) -> Answer:
    """Whole answers, however many candidates were asked for: always one."""

    def answer(handler: Handler, body: dict[str, Any]) -> None:
        handler.begin()
        handler.event(choices=[{"index": 0, "text": f"{text} {body['seed']}", "finish_reason": None}])
        handler.event(choices=[{"index": 0, "text": "", "finish_reason": "stop"}])
        handler.event(choices=[], usage={"prompt_tokens": 3, "completion_tokens": 2})
        handler.wfile.write(b": still here\n\ndata: [DONE]\n\n")

    return answer


def breaks_off(handler: Handler, _body: dict[str, Any]) -> None:
    handler.begin()
    handler.event(choices=[{"index": 0, "text": "half", "finish_reason": None}])


@contextmanager
def stub(*answers: Answer, models: dict[str, Any] = MODELS) -> Iterator[Stub]:
    """A running stub; it is gone on leaving."""
    server = Stub(list(answers) or [says("hello")], models)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
