"""A cell block under attack: code that no guardian has seen runs as a method of an account.

The payloads reach Python's real modules through `object.__subclasses__`, so what holds here is the operating system's
seal and the kernel's distrust, not the small namespace.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest
import trio

from battui.cell.sandbox import probe
from battui.contracts.activation import Activation, CellAnswer, CellLimits, MethodText, ObjectState
from battui.contracts.values import Ref, Value
from battui.kernel.cells.cells import CellBlock

needs_seccomp = pytest.mark.skipif(
    not probe().seccomp, reason="this kernel or architecture has no seccomp filter"
)

ACCOUNT = 1
OWNER = 2
SECRET = 99
NEXT_S = 1.5
LIMITS = CellLimits(wall_s=1.0, cpu_s=1, memory_bytes=64 << 20, output_bytes=1 << 16, loads=200)
ESCAPE = """\
for kind in ().__class__.__base__.__subclasses__():
    if kind.__name__ == "_wrap_close":
        modules = kind.__init__.__globals__["sys"].modules
os, sys, builtins, ctypes, socket, signal, wire = (
    modules[name]
    for name in ("os", "sys", "builtins", "ctypes", "socket", "signal", "battui.cell.wire")
)
open, globals, getattr, exec = builtins.open, builtins.globals, builtins.getattr, builtins.exec
libc = ctypes.CDLL(None, use_errno=True)
frame = sys._getframe()
while "channel" not in frame.f_locals:
    frame = frame.f_back
channel = frame.f_locals["channel"]
fd = channel._descriptor
def say(message):
    channel.send(wire.pack(message))
def answer(**fields):
    say({"kind": "answer", "printed": "", "result": None, "changes": [], "created": [], **fields})
    while True:
        pass
"""


class Bank:
    """A snapshot with an account, its owner, and an object that the account does not lead to."""

    def __init__(self) -> None:
        self.states = {
            ACCOUNT: ObjectState(
                ACCOUNT,
                b"serial-1",
                slots={"balance": 100, "owner": Ref(OWNER), "entries": [1, 2]},
                methods={"total_": MethodText("def total_(self):\n    return self.balance")},
                primitives=frozenset({"clone"}),
            ),
            OWNER: ObjectState(OWNER, b"serial-2", slots={"name": "Ada"}),
            SECRET: ObjectState(SECRET, b"serial-3", slots={"word": "tell nobody"}),
        }
        self.loaded: list[int] = []

    async def load(self, oid: int) -> ObjectState | None:
        self.loaded.append(oid)
        return self.states.get(oid)

    async def call(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        raise AssertionError("no attack may reach a service")


@pytest.fixture
async def block(nursery: trio.Nursery) -> CellBlock:
    block = CellBlock(ahead=1)
    await nursery.start(block.run)
    return block


async def run(
    block: CellBlock, body: str, *, limits: CellLimits = LIMITS, bank: Bank | None = None
) -> CellAnswer:
    """Run `body` as a method of the account."""
    bank = bank or Bank()
    trial = MethodText("def attack(self):\n" + textwrap.indent(body, "    "))
    with trio.fail_after(20):
        return await block.activate(Activation(ACCOUNT, "attack", trial=trial, limits=limits), bank, bank)


async def assert_still_serving(block: CellBlock) -> None:
    """The next message is answered, and soon."""
    bank = Bank()
    with trio.fail_after(NEXT_S):
        answer = await block.activate(Activation(ACCOUNT, "total_"), bank, bank)
    assert answer.result == 100, answer
