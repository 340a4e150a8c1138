"""Fetch a file from a web address: over TLS, resumed where it broke off, its hash known at the end.

Only the user's own machine asks, and only for the address that its user named. Memory stays constant.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import re
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from battui.contracts.errors import ModelUnavailable, UsageError
from battui.contracts.models import OnStep
from battui.image.storage import unwritable

CHUNK = 1 << 20
SILENCE_S = 60.0
ATTEMPTS = 4
BACKOFF_S = 1.0  # before the second attempt; each further one waits longer
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
GOES_ON = "Run the same command again: it goes on where it stopped."


def is_address(text: str) -> bool:
    """Whether this is meant as a web address."""
    return "://" in text


def file_name(address: str) -> str:
    """What the file at `address` is called; raises UsageError where the address names none or cannot be used."""
    _checked(address)
    name = unquote(PurePosixPath(urlsplit(address).path).name)
    if not re.fullmatch(r"[\w][\w.+ -]*", name):
        raise UsageError("this address names no file", about=address)
    return name


def inside(address: str, name: str) -> str:
    """The address of the file `name` in the folder at `address`."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


def fetch(address: str, target: Path, tell: OnStep, *, sha256: str = "") -> str:
    """Bring the file at `address` to `target`, and answer its SHA-256.

    What an interrupted call has brought stays beside `target`, and the next call goes on from there, unless the file
    has changed meanwhile. Raises UsageError for an address that is neither https nor on this machine,
    ModelUnavailable where the file cannot be had or has another hash than `sha256`, ImageUnwritable without room.
    """
    _checked(address)
    part = _Part(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(ATTEMPTS):
            time.sleep(BACKOFF_S * attempt)
            if (problem := _tried(address, part, tell)) is None:
                break
        else:
            raise ModelUnavailable(f"it cannot be fetched: {problem}", about=address, remedy=GOES_ON)
        found = _digest(part.path)
        if sha256 and found != sha256.lower():
            part.remove()
            what = f"what was fetched has the SHA-256 {found}, not {sha256.lower()}"
            raise ModelUnavailable(what, about=address, remedy="Nothing of it was used.")
        part.path.replace(target)
        part.remove()
    except OSError as error:
        raise unwritable(error, str(target.parent)) from error
    return found


class _Part:
    """The beginning of a file that has not come whole, and by what its server would know it again."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")

    def known(self, address: str) -> tuple[int, str]:
        """How much of it is there, and the server's mark for it; nothing where it may have become another file."""
        with suppress(OSError, ValueError):
            note = json.loads(self._note.read_text("utf-8"))
            if note["address"] == address and note["mark"]:
                return self.path.stat().st_size, str(note["mark"])
        return 0, ""

    def begin(self, address: str, mark: str) -> None:
        """Forget what is there: another file begins."""
        self.path.write_bytes(b"")
        self._note.write_text(json.dumps({"address": address, "mark": mark}), "utf-8")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def _tried(address: str, part: _Part, tell: OnStep) -> str | None:
    """Fetch what is lacking; why it did not all come, None once it has. Raises ModelUnavailable for a refusal."""
    done, mark = part.known(address)
    # Compressed on the way, neither the place to go on from nor the length would be the file's own.
    headers = {"User-Agent": "battui", "Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": mark}
    try:
        with closing(_open(urllib.request.Request(address, headers=headers))) as response:
            if response.status != 206 or not _begins_at(response, done):
                part.begin(address, _mark(response))
                done = 0
            return _taken(response, part, done, tell)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # there is no such part of it any more
            part.remove()
        elif error.code not in AGAIN:
            what = f"the server answers {error.code} {error.reason}"
            raise ModelUnavailable(what, about=address, remedy="Check the address.") from None
        return f"the server answers {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except ValueError as error:
        raise ModelUnavailable(f"the server sends to no address: {error}", about=address) from error
    except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _taken(response: Any, part: _Part, done: int, tell: OnStep) -> str | None:
    length = response.headers.get("Content-Length")
    total = done + int(length) if length else 0
    with part.path.open("ab") as file:
        while True:
            try:
                piece = response.read1(CHUNK)
            except (ConnectionError, TimeoutError, http.client.HTTPException) as error:
                return f"it broke off: {error}"
            if not piece:
                break
            file.write(piece)
            done += len(piece)
            tell("download", done, total or done)
    return None if done >= total else f"it broke off after {done} of {total} bytes"


def _mark(response: Any) -> str:
    """By what the server would know this very file again; a weak tag does not say that it is the same to the byte."""
    tag = response.headers.get("ETag") or ""
    return str(tag if tag.startswith('"') else response.headers.get("Last-Modified") or "")


def _begins_at(response: Any, place: int) -> bool:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range") or "")
    return found is not None and int(found[1]) == place


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(request: urllib.request.Request) -> Any:
    return urllib.request.build_opener(_SafeRedirects).open(request, timeout=SILENCE_S)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows to addresses that could have been asked in the first place."""

    def redirect_request(self, *parts: Any) -> Any:
        _checked(parts[-1])  # the new address
        return super().redirect_request(*parts)


def _checked(address: str) -> None:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as error:
        raise UsageError(f"this is no web address: {error}", about=address) from error
    if not host or parts.username or parts.password:
        raise UsageError("a web address has a host, and no password in it", about=address)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_this_machine(host)):
        remedy = "Only https keeps what is fetched from being changed on the way."
        raise UsageError("the address has to begin with https://", about=address, remedy=remedy)


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
