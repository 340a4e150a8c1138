"""The bridge's side of the kernel: sockets, the sessions of their clients, and the end of both."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import trio
import zmq

from battui.bridge.edge_socket import EdgeSocket
from battui.bridge.faults import error_frame
from battui.bridge.frames import MAX_FRAME, Notice, Role, Unreadable, pack_notice, unpack_request
from battui.bridge.outbox import Outbox
from battui.bridge.seed_form import is_seed_form, read_seed_form, seed_reply
from battui.bridge.session import House, Session
from battui.bridge.values import Malformed
from battui.contracts.errors import NotStorable, UsageError

MOST_SESSIONS = 4_096
"""Clients that are remembered; of more, the one that was silent longest and has nothing under way is forgotten."""
GOODBYE_S = 1.0
"""Seconds in which the last replies may leave."""
Identify = Callable[[zmq.Frame], "tuple[str, Role] | None"]


class Listener:
    """A ROUTER and its clients. `identify` says who has sent a frame, where that is not the owner alone."""

    def __init__(self, socket: zmq.Socket[bytes], house: House, identify: Identify | None = None) -> None:
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        socket.setsockopt(zmq.MAXMSGSIZE, 2 * MAX_FRAME)
        self._socket = EdgeSocket(socket)
        self._house = house
        self._identify = identify
        self.outbox = Outbox(self._socket, self._forget)
        self._sessions: OrderedDict[tuple[bytes, str], Session] = OrderedDict()
        self.unreadable = 0
        """Frames that were none; a number, because a line for each would be a way to fill the log."""

    async def run(self) -> None:
        """Serve until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._socket.pump)
            nursery.start_soon(self.outbox.run)
            nursery.start_soon(self._receive_known if self._identify else self._receive)

    async def part(self) -> None:
        """Let the last replies go, and say goodbye to whoever has something under way or was heard of lately."""
        for session in list(self._sessions.values()):
            session.say_goodbye()
        with trio.move_on_after(GOODBYE_S, shield=True):
            await self.outbox.flush()

    async def _receive(self) -> None:
        while True:
            for identity, frames in await self._socket.receive_addressed():
                self._take(identity, [frame.bytes for frame in frames], "the owner", "administer")

    async def _receive_known(self) -> None:
        assert self._identify is not None
        while True:
            for identity, frames in await self._socket.receive_addressed():
                known = self._identify(frames[-1])
                if known is not None:
                    self._take(identity, [frame.bytes for frame in frames], *known)

    def _take(self, identity: bytes, parts: list[bytes], name: str, role: Role) -> None:
        if len(parts) == 1 and is_seed_form(parts[0]):
            self._take_seed_form(identity, parts[0], name, role)
            return
        try:
            if len(parts) != 1:
                raise Unreadable(f"a frame has one part, not {len(parts)}")
            number, request = unpack_request(parts[0])
        except Unreadable as error:
            self.unreadable += 1
            remedy = "docs/bridge.md describes the frames."
            self._send(identity, error.number, error_frame(UsageError(str(error), remedy=remedy)))
            return
        session = self._session(identity, name, role)
        session.role = role
        session.take(number, request)

    def _take_seed_form(self, identity: bytes, frame: bytes, name: str, role: Role) -> None:
        def send(_number: int, notice: Notice) -> None:
            self.outbox.put(identity, seed_reply(notice))

        # A session of its own: its replies have another form, and no numbers of the client's own.
        session = Session(self._house, name, role, send, partial(self.outbox.waiting_for, identity))
        try:
            session.take(0, read_seed_form(frame))
        except UsageError as error:
            self.unreadable += 1
            send(0, error_frame(error))

    def _session(self, identity: bytes, name: str, role: Role) -> Session:
        # The name is part of the key: an identity may be taken by another client once its owner has gone.
        key = (identity, name)
        if key in self._sessions:
            self._sessions.move_to_end(key)
            return self._sessions[key]
        send, waiting = partial(self._send, identity), partial(self.outbox.waiting_for, identity)
        session = self._sessions[key] = Session(self._house, name, role, send, waiting)
        if len(self._sessions) > MOST_SESSIONS:
            self._forget_one()
        return session

    def _forget_one(self) -> None:
        silent = next((key for key, session in self._sessions.items() if session.idle), None)
        if silent is not None:
            del self._sessions[silent]

    def _send(self, identity: bytes, number: int, notice: Notice) -> None:
        try:
            frame = pack_notice(number, notice)
        except Malformed as error:
            frame = pack_notice(number, error_frame(NotStorable(f"the reply cannot be sent: {error}")))
        self.outbox.put(identity, frame)

    def _forget(self, identity: bytes, why: str) -> None:
        for key in [key for key in self._sessions if key[0] == identity]:
            self._sessions.pop(key).end()
            if why:
                self._house.announce(f"{key[1]} was dropped: {why}")
