"""The sockets of a bridge: one in the file system, and one for TCP where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import trio
import zmq

from battui.bridge.endpoint import endpoint_of, prepare_folder, require_high_water, require_tcp
from battui.bridge.gate import KEY_DOMAIN, OWN_DOMAIN, Gate
from battui.bridge.keys import AllowList, require_clients, server_pair
from battui.bridge.listener import Listener
from battui.bridge.session import House
from battui.contracts.errors import Unreachable

Context = zmq.Context[zmq.Socket[bytes]]


@dataclass(frozen=True, slots=True)
class Places:
    """Where to listen: `path` of the socket, perhaps a `tcp` endpoint, and the folder with the `keys` for it.

    `high_water` are ZeroMQ's messages that may wait in each direction of a connection; UsageError for less than 2.
    """

    path: Path
    tcp: str = ""
    keys: Path = Path()
    high_water: int = 1_000

    def __post_init__(self) -> None:
        require_high_water(self.high_water)


class Sockets:
    """Opens the listeners.

    Raises Unreachable where a place cannot be had or others could use it, and UsageError for TCP without keys.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self.tcp = ""
        """The endpoint for TCP, with the port that it came to."""
        self._path: Path | None = None

    def open(self, context: Context, announce: Callable[[str], None]) -> None:
        """Bind everything. Nobody is answered before `keep` runs."""
        prepare_folder(self._places.path)
        # Before the others: where there is no gate, ZeroMQ has nobody to ask.
        self._gate = Gate(context, AllowList(self._places.keys) if self._places.tcp else None, announce)
        self._own_socket = self._own(context)
        self._tcp_socket = self._for_keys(context) if self._places.tcp else None

    async def keep(self, house: House, ended: trio.Event) -> None:
        """Serve everybody until `ended`, then let the last replies go."""
        gate = self._gate
        listeners = [Listener(self._own_socket, house)]
        if self._tcp_socket is not None:
            listeners.append(Listener(self._tcp_socket, house, gate.identify))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(gate.pump)
            nursery.start_soon(gate.run)
            for listener in listeners:
                nursery.start_soon(listener.run)
            await ended.wait()
            for listener in listeners:
                await listener.part()
            nursery.cancel_scope.cancel()

    def withdraw(self) -> None:
        """Take the socket out of the file system, so that no new client comes; those that are in stay.

        This comes before the image is given up: the next kernel puts its own socket in the same place.
        """
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    def _own(self, context: Context) -> zmq.Socket[bytes]:
        socket = self._router(context)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, OWN_DOMAIN)
        _bind(socket, endpoint_of(self._places.path))
        self._path = self._places.path
        self._places.path.chmod(0o600)
        return socket

    def _for_keys(self, context: Context) -> zmq.Socket[bytes]:
        endpoint = require_tcp(self._places.tcp)
        require_clients(self._places.keys)
        pair = server_pair(self._places.keys)
        socket = self._router(context)
        socket.setsockopt_string(zmq.ZAP_DOMAIN, KEY_DOMAIN)
        socket.curve_server = True
        socket.curve_secretkey = pair.secret.encode()
        socket.curve_publickey = pair.public.encode()
        _bind(socket, endpoint)
        self.tcp = str(socket.getsockopt_string(zmq.LAST_ENDPOINT))
        return socket

    def _router(self, context: Context) -> zmq.Socket[bytes]:
        socket = context.socket(zmq.ROUTER)
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        socket.setsockopt(zmq.SNDHWM, self._places.high_water)
        socket.setsockopt(zmq.RCVHWM, self._places.high_water)
        return socket


def _bind(socket: zmq.Socket[bytes], endpoint: str) -> None:
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        raise Unreachable(f"the bridge cannot listen here ({error.strerror})", about=endpoint) from None
