"""The sockets of a bridge: one in the file system, and one for TCP where that is asked for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import trio
import zmq

from battui.bridge.endpoint import endpoint_of, prepare_folder, require_tcp
from battui.bridge.gate import KEY_DOMAIN, OWN_DOMAIN, Gate
from battui.bridge.keys import AllowList, server_pair
from battui.bridge.listener import Listener
from battui.bridge.session import House
from battui.contracts.errors import Unreachable

Context = zmq.Context[zmq.Socket[bytes]]


@dataclass(frozen=True, slots=True)
class Places:
    """Where to listen: `path` of the socket, perhaps a `tcp` endpoint, and the folder with the `keys` for it.

    `high_water` are ZeroMQ's messages that may wait in each direction of a connection.
    """

    path: Path
    tcp: str = ""
    keys: Path = Path()
    high_water: int = 1_000


class Sockets:
    """Opens the listeners; raises Unreachable where a place cannot be had or others could use it."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.tcp = ""
        """The endpoint for TCP, with the port that it came to."""
        self._bound: list[tuple[zmq.Socket[bytes], str]] = []

    def open(self, context: Context, house: House) -> tuple[Gate, list[Listener]]:
        """Bind everything. Nobody is answered before the gate runs."""
        places = self._places
        prepare_folder(places.path)
        allowed = AllowList(places.keys) if places.tcp else None
        gate = Gate(context, allowed, house.announce)
        listeners = [Listener(self._own(context), house)]
        if places.tcp:
            listeners.append(Listener(self._for_keys(context), house, gate.identify))
        return gate, listeners

    def withdraw(self) -> None:
        """Let no new client come, and take the socket out of the file system; those that are in stay.

        This comes before the image is given up: the next kernel puts its own socket in the same place.
        """
        for socket, endpoint in self._bound:
            with suppress(zmq.ZMQError):
                socket.unbind(endpoint)
        self._bound.clear()

    def _own(self, context: Context) -> zmq.Socket[bytes]:
        socket = self._router(context)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, OWN_DOMAIN)
        self._bind(socket, endpoint_of(self._places.path))
        self._places.path.chmod(0o600)
        return socket

    def _for_keys(self, context: Context) -> zmq.Socket[bytes]:
        endpoint = require_tcp(self._places.tcp)
        pair = server_pair(self._places.keys)
        socket = self._router(context)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, KEY_DOMAIN)
        socket.curve_server = True
        socket.curve_secretkey = pair.secret.encode()
        socket.curve_publickey = pair.public.encode()
        self._bind(socket, endpoint)
        self.tcp = self._bound[-1][1]
        return socket

    def _bind(self, socket: zmq.Socket[bytes], endpoint: str) -> None:
        try:
            socket.bind(endpoint)
        except zmq.ZMQError as error:
            raise Unreachable(f"the bridge cannot listen here ({error.strerror})", about=endpoint) from None
        self._bound.append((socket, str(socket.getsockopt_string(zmq.LAST_ENDPOINT))))

    def _router(self, context: Context) -> zmq.Socket[bytes]:
        socket = context.socket(zmq.ROUTER)
        socket.setsockopt(zmq.SNDHWM, self._places.high_water)
        socket.setsockopt(zmq.RCVHWM, self._places.high_water)
        return socket


async def keep(gate: Gate, listeners: list[Listener]) -> None:
    """Run the gate and the listeners until cancelled."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(gate.pump)
        nursery.start_soon(gate.run)
        for listener in listeners:
            nursery.start_soon(listener.run)
