"""Requests to an OpenAI-compatible server: retried where that can help, and given up at once where one is told to.

Every request has a connection of its own: what is cancelled closes it, which is how such servers learn of it.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from threading import Event, Lock
from typing import Any

from battui.contracts.errors import BattuiError, EngineFailed
from battui.engines.openai_address import Address
from battui.engines.openai_refusals import said, told

SILENCE_S = 300.0  # before the first token a slow server reads a long prompt
ATTEMPTS = 5
BACKOFF_S = 0.25
LONGEST_WAIT_S = 20.0
AGAIN = frozenset({429, 502, 503, 504})
"""Too busy, loading its model, or a proxy without it: an answer that may be another one in a moment."""
MAX_ERROR = 1 << 16
MAX_LINE = 1 << 20
END = b"[DONE]"


class Call:
    """One job's requests, which another thread can cancel."""

    def __init__(self) -> None:
        self.cancelled = Event()
        self._lock = Lock()
        self._socket: socket.socket | None = None

    def cancel(self) -> None:
        """Wake whoever waits for the server, and hang up."""
        with self._lock:
            self.cancelled.set()
            if self._socket is not None:
                with suppress(OSError):  # it is closed already
                    self._socket.shutdown(socket.SHUT_RDWR)

    def hold(self, connection: socket.socket | None) -> None:
        """From now on `cancel` hangs this one up; raises Cancelled where it has been called."""
        with self._lock:
            self._socket = connection
            if self.cancelled.is_set():
                raise Cancelled


class Cancelled(Exception):
    """The job is no longer wanted."""


class Client:
    """Asks the server at `address`; `key` goes into the header of each request and nowhere else."""

    def __init__(self, address: Address, key: str = "") -> None:
        self._address = address
        self._key = key

    def ask(self, method: str, path: str, body: object = None, *, attempts: int = ATTEMPTS) -> Any:
        """The server's answer as JSON; raises BattuiError."""
        call = Call()
        connection, response = self._answered(method, path, body, call, attempts)
        with closing(connection):
            try:
                return json.loads(response.read())
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise self._failed(f"it answered no JSON: {error}") from error

    def stream(self, path: str, body: object, call: Call) -> Iterator[Mapping[str, Any]]:
        """The events of an answer, as they come; raises BattuiError, or Cancelled."""
        connection, response = self._answered("POST", path, body, call, ATTEMPTS)
        try:
            with closing(connection):
                for data in _events(response):
                    yield self._event(data)
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
            # http.client's response may lose its file while another thread hangs up.
            if call.cancelled.is_set():
                raise Cancelled from None
            raise self._failed(f"its answer broke off: {error}") from error
        if call.cancelled.is_set():
            raise Cancelled

    def _event(self, data: bytes) -> Mapping[str, Any]:
        event = json.loads(data)
        if not isinstance(event, dict):
            raise ValueError("an event is a JSON object")
        if problem := event.get("error"):
            code = problem.get("code") if isinstance(problem, dict) else None
            raise told(code if isinstance(code, int) else 500, problem, self._address.url, self._key)
        return event

    def _answered(
        self, method: str, path: str, body: object, call: Call, attempts: int
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """The response to a request that the server has taken, its body unread."""
        wait, problem = BACKOFF_S, self._failed("it was not asked")
        for attempt in range(attempts):
            if attempt:
                # With some chance in it, so that jobs that failed together do not come back together.
                if call.cancelled.wait(min(LONGEST_WAIT_S, wait) * random.uniform(0.75, 1.25)):
                    raise Cancelled
                wait *= 2
            connection = self._address.connection()
            try:
                response = self._sent(connection, method, path, body, call)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                problem = self._failed(f"it cannot be reached: {error}")
                continue
            except BaseException:
                connection.close()
                raise
            if response.status == 200:
                return connection, response
            with closing(connection):
                problem = self._refusal(response)
            if response.status not in AGAIN:
                raise problem
            wait = max(wait, _asked_to_wait(response))
        raise problem

    def _sent(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: object, call: Call
    ) -> http.client.HTTPResponse:
        headers = {"Accept": "application/json, text/event-stream"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body)
        try:
            connection.connect()
            connection.sock.settimeout(SILENCE_S)
            call.hold(connection.sock)
            connection.request(method, path, data, headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException):
            if call.cancelled.is_set():
                raise Cancelled from None
            raise

    def _refusal(self, response: http.client.HTTPResponse) -> BattuiError:
        with suppress(OSError, http.client.HTTPException):
            return told(response.status, said(response.read(MAX_ERROR)), self._address.url, self._key)
        return told(response.status, {}, self._address.url, self._key)

    def _failed(self, what: str) -> BattuiError:
        remedy = "Start the server, or set engine.url to where it is."
        return EngineFailed(f"the server failed: {what}", about=self._address.url, remedy=remedy)


def _events(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The data of server-sent events, up to the one that says that there are no more."""
    while line := response.readline(MAX_LINE):
        if not line.startswith(b"data:"):
            continue  # an empty line between two events, or a comment that keeps the connection alive
        data = line.removeprefix(b"data:").strip()
        if data == END:
            return
        yield data


def _asked_to_wait(response: http.client.HTTPResponse) -> float:
    try:
        return float(response.getheader("Retry-After") or 0)
    except ValueError:
        return 0.0  # a date: our own backoff will do
