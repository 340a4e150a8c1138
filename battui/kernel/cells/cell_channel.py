"""One activation: the conversation with a cell, its wall clock, and what its silence means."""

from __future__ import annotations

import math
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

import trio

from battui.cell.conversation import Call, Conversation, Heard, Load, TooManyRequests
from battui.cell.death import cause_of_death
from battui.cell.messages import answer_bytes
from battui.cell.wire import FrameReader, WireError
from battui.contracts.activation import (
    Activation,
    CellAnswer,
    CellFailure,
    CellServices,
    FailureKind,
    ObjectSource,
    ObjectState,
)
from battui.contracts.errors import BattuiError
from battui.kernel.cells.cell_zygote import CellProcess

Answered = TypeVar("Answered")

_CHUNK = 1 << 16
_OBITUARY_S = 1.0
# Checking a hostile frame of some MiB takes a good part of a second, which the kernel's own tasks cannot wait.
_QUICKLY_READ_BYTES = 1 << 15


class CellSilent(Exception):
    """The cell closed its socket without an answer."""


class CellChannel:
    """Talks with one cell until it answers, fails or runs out of time; the caller kills the cell afterwards."""

    def __init__(
        self, cell: CellProcess, activation: Activation, source: ObjectSource, services: CellServices
    ) -> None:
        self._cell = cell
        self._activation = activation
        self._source = source
        self._services = services
        self._conversation = Conversation(activation)
        self._reader = FrameReader(answer_bytes(activation.limits))
        self._clock = trio.CancelScope()
        self._waited = 0.0
        self.heard_anything = False

    async def activate(self, receiver: ObjectState) -> CellAnswer:
        """Run the activation on `receiver`; errors of the object source come out as they are."""
        started = trio.current_time()
        limits = self._activation.limits
        self._clock.deadline = started + limits.wall_s
        answer = None
        with self._clock:
            answer = await self._guarded(receiver)
        if answer is None:
            answer = self._failed("stopped", f"ran longer than {limits.wall_s:g} s")
        seconds = trio.current_time() - started - self._waited
        return replace(answer, seconds=seconds, loaded=self._conversation.loaded)

    async def _guarded(self, receiver: ObjectState) -> CellAnswer:
        try:
            return await self._converse(receiver)
        except WireError as error:
            return self._failed("hostile", f"answered against the rules: {error}")
        except TooManyRequests as error:
            return self._failed("stopped", str(error))
        except CellSilent:
            return await self._obituary()

    async def _converse(self, receiver: ObjectState) -> CellAnswer:
        await self._send(self._conversation.opening(receiver))
        while not isinstance(heard := await self._hear(), CellAnswer):
            await self._send(await self._serve(heard))
        return heard

    async def _serve(self, request: Load | Call) -> bytes:
        if isinstance(request, Load):
            return self._conversation.state(await self._off_the_clock(self._source.load(request.oid)))
        call = self._services.call(request.name, request.receiver, request.arguments)
        try:
            return self._conversation.value(await self._off_the_clock(call))
        except BattuiError as error:
            return self._conversation.refusal(str(error))

    async def _off_the_clock(self, work: Awaitable[Answered]) -> Answered:
        """Wait for the kernel's own work without counting it towards the cell's time."""
        began = trio.current_time()
        left = self._clock.deadline - began
        self._clock.deadline = math.inf
        try:
            return await work
        finally:
            now = trio.current_time()
            self._waited += now - began
            self._clock.deadline = now + left

    async def _send(self, data: bytes) -> None:
        try:
            await self._cell.stream.send_all(data)
        except trio.BrokenResourceError:
            raise CellSilent from None

    async def _hear(self) -> Heard:
        while (payload := self._reader.next_frame()) is None:
            try:
                data = await self._cell.stream.receive_some(_CHUNK)
            except trio.BrokenResourceError:
                data = b""
            if not data:
                raise CellSilent
            self.heard_anything = True
            self._reader.feed(data)
        if len(payload) < _QUICKLY_READ_BYTES:
            return self._conversation.heard(payload)
        return await trio.to_thread.run_sync(self._conversation.heard, payload)

    async def _obituary(self) -> CellAnswer:
        self._clock.deadline = math.inf
        # A cell can close its socket and live on; then there is no obituary, and it is killed like any other.
        with trio.move_on_after(_OBITUARY_S):
            await self._cell.ended.wait()
        return self._failed("stopped", cause_of_death(self._cell.status, self._activation.limits))

    def _failed(self, kind: FailureKind, what: str) -> CellAnswer:
        return CellAnswer(failure=CellFailure(kind, f"{self._activation.selector} {what}"))
