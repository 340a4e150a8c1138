"""Where an OpenAI-compatible server is."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from battui.contracts.errors import ModelUnavailable, UsageError

CONNECT_S = 10.0
EXAMPLE = "http://127.0.0.1:8080/v1"


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address: `base` is the path under which the interface lies, `root` the one above it."""

    url: str
    secure: bool
    host: str
    port: int | None
    base: str

    @property
    def root(self) -> str:
        """The path of what a server offers beside the interface of OpenAI."""
        return self.base.removesuffix("/v1")

    def connection(self) -> http.client.HTTPConnection:
        """A connection, not yet made. Certificates are checked."""
        if self.secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self.host, self.port, timeout=CONNECT_S, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=CONNECT_S)


def read_address(url: str) -> Address:
    """The address that `url` names; without a path it is /v1.

    Raises ModelUnavailable where there is none, UsageError where it cannot be used.
    """
    remedy = f"Set engine.url, for example to {EXAMPLE}."
    if not url:
        raise ModelUnavailable("no server is named", about="openai", remedy=remedy)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(
            f"this is no address of a server: {error}", about="engine.url", remedy=remedy
        ) from None
    if parts.username or parts.password or parts.query:
        # Not shown: a key in it would be in settings, logs and frames.
        raise UsageError(
            "an address with a key in it is not used",
            about="engine.url",
            remedy="Put the key into the environment variable BATTUI_ENGINE_KEY.",
        )
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError("this is no address of a server", about=f"engine.url {url!r}", remedy=remedy)
    base = parts.path.rstrip("/") or "/v1"
    return Address(f"{parts.scheme}://{parts.netloc}{base}", parts.scheme == "https", host, port, base)
