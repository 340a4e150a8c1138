"""Who is let in: ZeroMQ asks for each connection before it carries a message (RFC 27, ZAP).

A connection to the socket in the file system is let in for the kernel's own user and root; the folder's permissions
keep others out already. A connection over TCP has to have a key on the list.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import zmq
from zmq.utils import z85

from battui.bridge.edge_socket import EdgeSocket
from battui.bridge.frames import Role
from battui.bridge.keys import AllowList
from battui.contracts.errors import BattuiError

ENDPOINT = "inproc://zeromq.zap.01"
VERSION = b"1.0"
OWN_DOMAIN = "own"
KEY_DOMAIN = "key"


class Gate:
    """Answers ZeroMQ's questions; has to run before the first connection is made."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        allowed: AllowList | None,
        announce: Callable[[str], None],
    ) -> None:
        socket = context.socket(zmq.REP)
        socket.bind(ENDPOINT)
        self._socket = EdgeSocket(socket)
        self._allowed = allowed
        self._announce = announce

    async def pump(self) -> None:
        """Wake `run`."""
        await self._socket.pump()

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            for parts in await self._socket.receive_many(1):
                await self._socket.send(self._answer(parts))

    def identify(self, frame: zmq.Frame) -> tuple[str, Role] | None:
        """Name and role of whoever has sent a frame over TCP; None for one who was taken off the list."""
        name = str(frame.get("User-Id"))
        try:
            client = self._allowed.clients().get(name) if self._allowed else None
        except BattuiError as error:
            self._announce(f"{name} was refused: {error}")
            return None
        if client is None:
            self._announce(f"{name} was refused: it is no longer on the list")
            return None
        return client.name, client.role

    def _answer(self, parts: list[bytes]) -> list[bytes]:
        version, number, domain, address, _identity, mechanism, *credentials = parts
        name, why = "", "no version of ZAP that is spoken here"
        if version == VERSION:
            name, why = self._judge(domain.decode(), address.decode(), mechanism, credentials)
        if not name:
            self._announce(f"a connection from {address.decode()} was refused: {why}")
        code, text = (b"200", b"OK") if name else (b"400", b"refused")
        return [VERSION, number, code, text, name.encode(), b""]

    def _judge(
        self, domain: str, address: str, mechanism: bytes, credentials: list[bytes]
    ) -> tuple[str, str]:
        """The name of whoever may come in, or an empty one and why not."""
        if domain == OWN_DOMAIN:
            # libzmq tells of a local socket: localhost:user:group:process.
            user = address.split(":")[1] if address.count(":") == 3 else ""
            return ("owner", "") if user in (str(os.getuid()), "0") else ("", f"user {user or 'unknown'}")
        if mechanism != b"CURVE" or self._allowed is None:
            return "", "no key"
        try:
            name = self._allowed.name_of(z85.encode(credentials[0]).decode())
        except BattuiError as error:
            return "", str(error)
        return (name, "") if name else ("", "its key is not on the list")
