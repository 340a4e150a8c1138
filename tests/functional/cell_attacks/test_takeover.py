"""A cell whose process belongs to the attacker altogether: what it sends, how it lingers, whom it can reach.

These build on the payloads of the other attacks; after each the next message is answered in time.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from battui.contracts.activation import Activation, CellLimits, MethodText
from battui.contracts.values import Value
from battui.kernel.cells.cells import CellBlock
from tests.functional.cell_attacks.conftest import (
    ACCOUNT,
    ESCAPE,
    LIMITS,
    OWNER,
    Bank,
    assert_still_serving,
    needs_seccomp,
    run,
)
from tests.functional.cells.conftest import children, ended, zygotes

pytestmark = needs_seccomp

AHEAD = 2
SETTLED_S = 5.0


@pytest.fixture
async def block(nursery: trio.Nursery) -> AsyncIterator[CellBlock]:
    """A cell block that has to answer once more at the end of each test."""
    block = CellBlock(ahead=AHEAD)
    await nursery.start(block.run)
    yield block
    await assert_still_serving(block)


async def only_idle_cells_are_left() -> None:
    """Wait until the zygote has no children but those that it forked ahead."""
    (zygote,) = zygotes()
    with trio.fail_after(SETTLED_S):
        while len(children(zygote)) != AHEAD:
            await trio.lowlevel.checkpoint()


DRIPS = {
    "one byte at a time": "while True:\n    os.write(fd, b'\\x00')",
    "a frame byte by byte": (
        "data = wire.frame(wire.pack({'kind': 'load', 'oid': 2}))\n"
        "while True:\n    for byte in data:\n        os.write(fd, bytes([byte]))"
    ),
    "loads without end, all at once": (
        "data = wire.frame(wire.pack({'kind': 'load', 'oid': 2})) * 1000\nwhile True:\n    os.write(fd, data)"
    ),
    "large questions": (
        "while True:\n    say({'kind': 'call', 'name': 'nothing', 'receiver': 1, 'arguments': {'x': [[]] * 30000}})"
    ),
    "waiting for what never comes": "channel.receive()",
    "asking for much and reading none of it": "say({'kind': 'load', 'oid': 2})\nwhile True:\n    pass",
}


@pytest.mark.parametrize("drip", DRIPS)
async def test_other_messages_are_answered_meanwhile(
    block: CellBlock, drip: str, nursery: trio.Nursery
) -> None:
    bank = Bank()
    bank.states[OWNER] = replace(bank.states[OWNER], slots={"name": "Ada" * 3_000_000})
    stopped = trio.Event()

    async def attack() -> None:
        prelude = "bytes = builtins.bytes\n"
        answer = await run(block, ESCAPE + prelude + DRIPS[drip], bank=bank)
        assert answer.failure is not None
        assert answer.failure.kind in ("stopped", "hostile")
        stopped.set()

    nursery.start_soon(attack)
    for _ in range(3):
        await assert_still_serving(block)
    with trio.fail_after(20):
        await stopped.wait()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


LINGERING = {
    "a loop": "while True:\n    pass",
    "more frames": "while True:\n    os.write(fd, b'\\x00' * 60000)",
    "another answer": "while True:\n    say({'kind': 'answer', 'printed': '', 'failure': None})",
    "a wait": "channel.receive()",
}


@pytest.mark.parametrize("way", LINGERING)
async def test_a_cell_does_not_outlive_its_answer(block: CellBlock, way: str) -> None:
    await assert_still_serving(block)
    before = open_descriptors()
    for _ in range(10):
        answer = await run(
            block,
            f"{ESCAPE}say({{'kind': 'answer', 'printed': '', 'result': 7, 'changes': [], 'created': []}})\n"
            + LINGERING[way],
        )
        assert answer.result == 7
    await only_idle_cells_are_left()
    # The socket of the next idle cell may be on its way at either moment.
    assert abs(open_descriptors() - before) <= 1


async def test_a_stopped_cell_is_ended(block: CellBlock) -> None:
    """No cell can stop itself; one that somebody else stopped takes no more than its time."""
    await only_idle_cells_are_left()
    (zygote,) = zygotes()
    cell = min(children(zygote))
    os.kill(cell, signal.SIGSTOP)
    answer = await run(block, "return 1")
    assert answer.failure is not None
    assert answer.failure.message == "attack ran longer than 1 s"
    await ended(cell)


async def test_a_blocked_signal_does_not_prolong_a_cell(block: CellBlock) -> None:
    body = f"{ESCAPE}signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGXCPU])\nwhile True:\n    pass"
    answer = await run(block, body, limits=replace(LIMITS, wall_s=15.0))
    assert answer.failure is not None
    assert answer.failure.message.startswith("attack was killed"), answer


REACHING = {
    "ending the zygote": "os.kill({zygote}, 9)",
    "stopping the zygote": "os.kill({zygote}, 19)",
    "ending a sibling": "os.kill({sibling}, 9)",
    "a signal by handle": "signal.pidfd_send_signal(0, 9)",
    "a handle of the zygote": "os.pidfd_open({zygote})",
    "the zygote's memory": "open('/proc/{zygote}/mem', 'r+b')",
    "its own memory": "open('/proc/self/mem', 'r+b')",
    "the zygote's environment": "open('/proc/{zygote}/environ')",
    "the kernel's memory": "open('/proc/{kernel}/mem', 'r+b')",
    "a group of its own": "os.setpgid(0, 0)",
    "the zygote's priority": "os.setpriority(os.PRIO_PROCESS, {zygote}, 19)",
    "the zygote's processors": "os.sched_setaffinity({zygote}, [0])",
    "a descriptor for the kernel": "socket.socket(fileno=fd)",
}


@pytest.mark.parametrize("attempt", REACHING)
async def test_nobody_else_is_in_reach(block: CellBlock, attempt: str) -> None:
    await only_idle_cells_are_left()
    (zygote,) = zygotes()
    sibling = max(children(zygote))
    deed = REACHING[attempt].format(zygote=zygote, sibling=sibling, kernel=os.getpid())
    body = f"{ESCAPE}try:\n    {deed}\nexcept builtins.OSError:\n    return 'refused'"
    answer = await run(block, body)
    assert answer.result == "refused", answer
    assert zygotes() == {zygote}
    assert sibling in children(zygote)


INSPECTING = {
    "x86_64": {
        "process_vm_readv": 310, "process_vm_writev": 311, "ptrace": 101, "kcmp": 312, "perf_event_open": 298,
        "personality": 135, "pkey_mprotect": 329, "remap_file_pages": 216, "seccomp": 317, "setns": 308,
        "add_key": 248, "open_by_handle_at": 304, "memfd_secret": 447, "process_madvise": 440,
        "io_uring_enter": 426, "modify_ldt": 154, "arch_prctl": 158, "vmsplice": 278, "move_pages": 279,
    },
    "aarch64": {
        "process_vm_readv": 270, "process_vm_writev": 271, "ptrace": 117, "kcmp": 272, "perf_event_open": 241,
        "personality": 92, "pkey_mprotect": 288, "remap_file_pages": 234, "seccomp": 277, "setns": 268,
        "add_key": 217, "open_by_handle_at": 265, "memfd_secret": 447, "process_madvise": 440,
        "io_uring_enter": 426, "vmsplice": 75, "move_pages": 239,
    },
}.get(platform.machine(), {})  # fmt: skip


@pytest.mark.parametrize("call", INSPECTING)
async def test_a_call_to_look_into_others_is_the_end(block: CellBlock, call: str) -> None:
    (zygote,) = zygotes()
    answer = await run(block, f"{ESCAPE}libc.syscall({INSPECTING[call]}, {zygote}, 0, 0)\nreturn 'alive'")
    assert answer.failure is not None
    assert answer.failure.message == "attack made a forbidden system call"


def _old_system_call() -> int | None:
    """How far behind `getpid` the C library's code happens to hold the instruction `int 0x80`; None for nowhere."""
    lines = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
    library = next(fields for fields in lines if fields[-1].endswith("libc.so.6") and fields[1] == "r-xp")
    start, end = (int(place, 16) for place in library[0].split("-"))
    getpid = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p).value or 0
    offset = ctypes.string_at(start, end - start).find(b"\xcd\x80")
    return None if offset < 0 else start + offset - getpid


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only this architecture has an older way to call")
async def test_the_32_bit_way_into_the_system_is_the_end(block: CellBlock) -> None:
    distance = _old_system_call()
    if distance is None:
        pytest.skip("the C library holds no such instruction")
    body = f"""{ESCAPE}
here = ctypes.cast(libc.getpid, ctypes.c_void_p).value
ctypes.CFUNCTYPE(ctypes.c_int)(here + {distance})()
return 'alive'
"""
    answer = await run(block, body)
    assert answer.failure is not None
    assert answer.failure.message == "attack made a forbidden system call"


async def test_nothing_is_left_for_the_next_cell(block: CellBlock) -> None:
    body = f"""{ESCAPE}
modules["json"].loads = builtins.len = builtins.print = None
modules["battui.cell.living"].Living.__getattribute__ = None
modules["battui.cell.wire"].pack = lambda value: b""
sys.modules.clear()
os._exit(0)
"""
    assert (await run(block, body)).failure is not None
    answer = await run(block, "return json.loads('[' + str(len([self.balance])) + ']')")
    assert answer.result == [1]


async def test_a_million_empty_lists_do_not_hold_up_others(block: CellBlock, nursery: trio.Nursery) -> None:
    """One byte of an answer is an object of sixty here, so a frame within its limit takes long to check."""
    checked = trio.Event()

    async def attack() -> None:
        answer = await run(block, f"{ESCAPE}answer(result=[[]] * 1000000)", limits=CellLimits(wall_s=5.0))
        assert answer.result == [[]] * 1_000_000
        checked.set()

    nursery.start_soon(attack)
    for _ in range(5):
        await assert_still_serving(block)
    with trio.fail_after(20):
        await checked.wait()


async def test_many_attacks_at_once_leave_nothing(block: CellBlock) -> None:
    bank = Bank()
    trial = MethodText("def attack(self):\n    while True:\n        pass")
    answers: list[Value] = []

    async def attack() -> None:
        activation = Activation(ACCOUNT, "attack", trial=trial, limits=LIMITS)
        answer = await block.activate(activation, bank, bank)
        answers.append(answer.failure is not None and answer.failure.kind == "stopped")

    async with trio.open_nursery() as attackers:
        for _ in range(6):
            attackers.start_soon(attack)
    assert answers == [True] * 6
    await only_idle_cells_are_left()
