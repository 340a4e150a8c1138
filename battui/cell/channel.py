"""The cell's end of its socket to the kernel: the only thing that a cell can reach."""

from __future__ import annotations

import os
from typing import cast

from battui.cell import wire
from battui.cell.messages import Message

_CHUNK = 1 << 16
_KERNEL_FRAME_BYTES = 1 << 31


class Channel:
    """Asks the kernel and waits for the answer; a cell whose kernel has gone ends at once."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._reader = wire.FrameReader(_KERNEL_FRAME_BYTES)

    def receive(self) -> Message:
        """Wait for the kernel's next message."""
        while (payload := self._reader.next_frame()) is None:
            data = os.read(self._descriptor, _CHUNK)
            if not data:
                os._exit(0)
            self._reader.feed(data)
        return cast("Message", wire.unpack(payload))

    def send(self, payload: bytes) -> None:
        """Write one packed message."""
        rest = memoryview(wire.frame(payload))
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def ask(self, request: Message) -> Message:
        """Send a request and wait for its answer."""
        self.send(wire.pack(request))
        return self.receive()
