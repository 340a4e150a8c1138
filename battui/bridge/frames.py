"""What a client and a kernel's bridge say to each other, and the envelope that it travels in.

One ZeroMQ message part holds one envelope: [version, number, body]. A client numbers what it asks; whatever answers
carries the same number. docs/bridge.md describes the protocol for those who write a client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from battui.bridge.codec import read, write
from battui.bridge.values import Malformed, pack, unpack
from battui.contracts.commands import Command
from battui.contracts.events import EventKind, KernelEvent
from battui.contracts.replies import Reply

VERSION = 1
MAX_FRAME = 1 << 20
"""Bytes of one frame from a client."""
MAX_NUMBER = 1 << 53
WINDOW = 256
"""Events that may be on their way to a client that has not said that it took earlier ones."""

Role = Literal["read", "send", "approve", "administer"]


@dataclass(frozen=True, slots=True)
class Hello:
    """Who is there, and which versions it speaks. Optional: commands are understood without."""

    client: str = ""
    versions: tuple[int, ...] = (VERSION,)


@dataclass(frozen=True, slots=True)
class Submit:
    """Perform a command. 0 is no deadline. With `progress`, the events of its mission come before its reply."""

    command: Command
    deadline_s: float = 0.0
    progress: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop waiting for, or following, what was asked under that number."""

    target: int


@dataclass(frozen=True, slots=True)
class Follow:
    """Follow the events from `since` on; `kinds` and `mission` choose among them, empty takes all."""

    since: int | None = None
    kinds: tuple[EventKind, ...] = ()
    mission: str = ""
    window: int = WINDOW


@dataclass(frozen=True, slots=True)
class Credit:
    """So many events of what is followed under that number have been taken; as many more may be sent."""

    target: int
    events: int


@dataclass(frozen=True, slots=True)
class Ping:
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Stop:
    """Let the kernel end in order."""


Request: TypeAlias = Hello | Submit | Cancel | Follow | Credit | Ping | Stop


@dataclass(frozen=True, slots=True)
class Welcome:
    """`kernel` is new with every start of a kernel: event numbers begin anew then."""

    kernel: str
    role: Role
    image: str
    pid: int
    version: int = VERSION
    max_frame: int = MAX_FRAME


@dataclass(frozen=True, slots=True)
class Ok:
    """The command is done."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Error:
    """It is not: `code` is the error's name, `remedy` the hint, `retry_after` seconds where waiting helps."""

    code: str
    what: str
    about: str = ""
    remedy: str = ""
    traceback: str = ""
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Something that happened in the mission that thinks about the command."""

    event: KernelEvent


@dataclass(frozen=True, slots=True)
class Events:
    """The next events; an empty one says that the subscription stands."""

    events: tuple[KernelEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """No more events: the kernel ended, the client asked for it, or was too slow for `last` to be followed."""

    reason: Literal["kernel", "cancelled", "slow"]
    last: int = 0


@dataclass(frozen=True, slots=True)
class Pong:
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The kernel ends in order."""


Notice: TypeAlias = Welcome | Ok | Error | Progress | Events | Ended | Pong | Goodbye


class Unreadable(Malformed):
    """A frame that cannot be read; `number` is that of its envelope where that much could be read, else 0."""

    def __init__(self, what: str, number: int = 0) -> None:
        super().__init__(what)
        self.number = number


def pack_request(number: int, request: Request) -> bytes:
    """The frame of a request; raises Malformed where it holds what cannot be sent."""
    return pack([VERSION, number, write(request, Request)])


def pack_notice(number: int, notice: Notice) -> bytes:
    """The frame of a notice; raises Malformed."""
    return pack([VERSION, number, write(notice, Notice)])


def unpack_request(frame: bytes) -> tuple[int, Request]:
    """Number and request of a frame from outside; raises Unreadable."""
    if len(frame) > MAX_FRAME:
        raise Unreadable(f"the frame has {len(frame)} bytes, and {MAX_FRAME} are allowed")
    number, body = _opened(frame)
    try:
        request: Request = read(body, Request)
    except Malformed as error:
        raise Unreadable(str(error), number) from None
    return number, request


def unpack_notice(frame: bytes) -> tuple[int, Notice]:
    """Number and notice of a frame from a kernel; raises Unreadable."""
    number, body = _opened(frame)
    try:
        notice: Notice = read(body, Notice)
    except Malformed as error:
        raise Unreadable(str(error), number) from None
    return number, notice


def _opened(frame: bytes) -> tuple[int, object]:
    try:
        envelope = unpack(frame)
    except Malformed as error:
        raise Unreadable(str(error)) from None
    if type(envelope) is not list or len(envelope) != 3:
        raise Unreadable("an envelope is [version, number, body]")
    version, number, body = envelope
    if type(number) is not int or not 0 <= number < MAX_NUMBER:
        raise Unreadable("the number is none")
    if type(version) is not int or version != VERSION:
        raise Unreadable(f"version {version!r:.20} is not spoken here, {VERSION} is", number)
    return number, body
