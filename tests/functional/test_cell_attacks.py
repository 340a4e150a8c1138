"""Code that no guardian has seen, in real cells: nothing leaves them, and the next activation is answered.

The payloads reach Python's real modules through `object.__subclasses__`, so what holds here is the operating system's
seal and the kernel's distrust, not the small namespace.
"""

from __future__ import annotations

import os
import platform
import re
import socket
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from battui.cell.sandbox import probe
from battui.contracts.activation import Activation, CellAnswer, CellLimits, MethodText, ObjectState
from battui.contracts.values import Ref, Value
from battui.kernel.cells import CellBlock

pytestmark = pytest.mark.skipif(
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


BOMBS = {
    "a loop in Python": ("while True:\n    pass", "ran longer than 1 s|processor time"),
    "a loop in C": ("return sum(range(10**11))", "ran longer than 1 s|processor time"),
    "a power": ("return 9**9**9", "ran longer than 1 s|processor time|memory"),
    "a regular expression": (
        "return re.match('(a+)+$', 'a' * 64 + 'b')",
        "ran longer than 1 s|processor time",
    ),
    "a sort of a shifting key": ("return sorted(range(10**9))", "ran longer|processor time|memory"),
    "one big list": ("return [0] * 10**10", "more than 64 MiB of memory"),
    "one big text": ("return len('x' * (80 << 20))", "more than 64 MiB of memory"),
    "many small things": ("kept = []\nwhile True:\n    kept.append([1])", "more than 64 MiB of memory"),
    "a big result": ("return 'x' * (1 << 20)", "answer is larger"),
    "nobody catches it": (
        "try:\n    while True:\n        pass\nexcept Exception:\n    pass",
        "ran longer|processor",
    ),
    "it prints for ever": ("while True:\n    print('x' * 1000)", "ran longer|processor time"),
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_is_stopped(block: CellBlock, bomb: str) -> None:
    body, words = BOMBS[bomb]
    answer = await run(block, body)
    assert answer.failure is not None
    assert answer.failure.kind == "stopped", answer
    assert re.search(words, answer.failure.message), answer.failure.message
    await assert_still_serving(block)


async def test_memory_within_the_limit_is_granted(block: CellBlock) -> None:
    answer = await run(block, "return len('x' * (56 << 20))")
    assert answer.result == 56 << 20


async def test_processor_time_is_limited_while_the_wall_clock_is_not(block: CellBlock) -> None:
    answer = await run(block, "while True:\n    pass", limits=replace(LIMITS, wall_s=15.0))
    assert answer.failure is not None
    assert "more than 1 s of processor time" in answer.failure.message
    await assert_still_serving(block)


async def test_recursion_raises_in_the_method(block: CellBlock) -> None:
    answer = await run(block, "return self.attack()")
    assert answer.failure is not None
    assert (answer.failure.kind, answer.failure.error_type) == ("raised", "RecursionError")
    assert len(answer.failure.traceback) < 5_000
    await assert_still_serving(block)


async def test_a_deeply_nested_result_is_refused(block: CellBlock) -> None:
    answer = await run(block, "nest = []\nfor _ in range(100000):\n    nest = [nest]\nreturn nest")
    assert answer.failure is not None
    assert answer.failure.kind == "not-storable"
    await assert_still_serving(block)


async def test_what_is_printed_is_cut(block: CellBlock) -> None:
    answer = await run(block, "for _ in range(5000):\n    print('x' * 1000)\nreturn 1")
    assert answer.result == 1
    assert len(answer.printed.encode()) == LIMITS.output_bytes


REFUSED = {
    "reading a file": "open('/etc/passwd').read()",
    "reading its own memory map": "open('/proc/self/maps').read()",
    "reading its own program": "os.open(sys.executable, os.O_RDONLY)",
    "writing a file": "open('/tmp/battui-was-here', 'w')",
    "writing to shared memory": "open('/dev/shm/battui-was-here', 'w')",
    "listing a folder": "os.listdir('/')",
    "looking at a file": "os.stat('/etc/passwd')",
    "changing folder": "os.chdir('/')",
    "making a folder": "os.mkdir('/tmp/battui-was-here')",
    "removing a file": "os.unlink('/tmp/battui-was-here')",
    "making a link": "os.symlink('/etc/passwd', '/tmp/battui-was-here')",
    "forking": "os.fork()",
    "starting a program": "os.execv('/bin/sh', ['sh', '-c', 'true'])",
    "spawning a program": "os.posix_spawn('/bin/true', ['true'], {})",
    "a TCP socket": "socket.socket()",
    "a Unix socket": "socket.socket(socket.AF_UNIX)",
    "a socket pair": "socket.socketpair()",
    "a pipe": "os.pipe()",
    "ending the kernel": f"os.kill({os.getpid()}, 9)",
    "reading the kernel's memory": f"open('/proc/{os.getpid()}/mem', 'rb')",
    "ending everybody": "os.kill(-1, 9)",
    "ending itself softly": "os.kill(os.getpid(), 15)",
    "a signal handler": "signal.signal(signal.SIGXCPU, signal.SIG_IGN)",
    "an alarm": "signal.setitimer(signal.ITIMER_REAL, 1)",
    "another user": "os.setuid(0)",
    "memory that others see": "os.memfd_create('x')",
    "another process's limits": "modules['resource'].prlimit(1, modules['resource'].RLIMIT_CPU, (0, 0))",
    "higher limits": ("modules['resource'].setrlimit(modules['resource'].RLIMIT_AS, (-1, -1))"),
    "files again": "modules['resource'].setrlimit(modules['resource'].RLIMIT_NOFILE, (100, 100))",
    "a thread": "modules['_thread'].start_new_thread(print, ())",
    "importing what is not there yet": "builtins.__import__('sqlite3')",
}


@pytest.mark.parametrize("attempt", REFUSED)
async def test_the_seal_refuses(block: CellBlock, attempt: str) -> None:
    """The method sees an ordinary error, and may even go on."""
    answer = await run(
        block,
        f"{ESCAPE}try:\n    {REFUSED[attempt]}\n"
        "except (builtins.OSError, builtins.ImportError, ValueError, RuntimeError):\n    return 'refused'",
    )
    assert answer.result == "refused", answer
    await assert_still_serving(block)


FORBIDDEN_CALLS = {
    "x86_64": {
        "mount": 165,
        "bpf": 321,
        "io_uring_setup": 425,
        "keyctl": 250,
        "unshare": 272,
        "userfaultfd": 323,
    },
    "aarch64": {
        "mount": 40,
        "bpf": 280,
        "io_uring_setup": 425,
        "keyctl": 219,
        "unshare": 97,
        "userfaultfd": 282,
    },
}.get(platform.machine(), {})
FORBIDDEN_ARCHITECTURES = {"x32 getpid": 0x40000000 + 39} if platform.machine() == "x86_64" else {}


@pytest.mark.parametrize("call", FORBIDDEN_CALLS | FORBIDDEN_ARCHITECTURES)
async def test_a_call_that_no_interpreter_makes_is_the_end(block: CellBlock, call: str) -> None:
    number = (FORBIDDEN_CALLS | FORBIDDEN_ARCHITECTURES)[call]
    answer = await run(block, f"{ESCAPE}libc.syscall({number}, 0, 0, 0)\nreturn 'alive'")
    assert answer.failure is not None
    assert answer.failure.message == "attack made a forbidden system call"
    await assert_still_serving(block)


EXECUTABLE = {
    "mapping": "libc.mmap(None, 4096, 7, 0x22, -1, 0)",
    "protecting": "libc.mprotect(address, 4096, 5)",
}


@pytest.mark.parametrize("way", EXECUTABLE)
async def test_memory_never_becomes_executable(block: CellBlock, way: str) -> None:
    body = f"""{ESCAPE}
libc.mmap.restype = ctypes.c_long
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
address = ctypes.c_void_p(libc.mmap(None, 4096, 3, 0x22, -1, 0))
return [address.value > 0, {EXECUTABLE[way]}, ctypes.get_errno()]
"""
    answer = await run(block, body)
    assert answer.result == [True, -1, 1], answer


@pytest.mark.parametrize("body", ["ctypes.string_at(8)", "ctypes.memset(id(42), 255, 1 << 20)", "os.abort()"])
async def test_a_crash_is_named(block: CellBlock, body: str) -> None:
    answer = await run(block, f"{ESCAPE}id = builtins.id\n{body}")
    assert answer.failure is not None
    assert "crashed its interpreter" in answer.failure.message
    await assert_still_serving(block)


@pytest.mark.parametrize("body", ["os._exit(0)", "os._exit(3)", "os.close(fd)\nwhile True:\n    pass"])
async def test_leaving_without_an_answer_is_one(block: CellBlock, body: str) -> None:
    answer = await run(block, ESCAPE + body)
    assert answer.failure is not None
    assert answer.failure.kind == "stopped"
    await assert_still_serving(block)


async def test_only_the_channel_is_inherited(block: CellBlock) -> None:
    body = f"""{ESCAPE}
def is_open(number):
    try:
        os.write(number, b"")
    except builtins.OSError:
        return False
    return True
return [fd, [number for number in range(2048) if is_open(number)]]
"""
    answer = await run(block, body)
    assert isinstance(answer.result, list)
    channel, found = answer.result
    assert found == [0, 1, 2, channel]


async def test_nothing_is_known_of_the_kernel(block: CellBlock) -> None:
    body = f"""{ESCAPE}set = builtins.set
files = [getattr(module, '__file__', None) or '' for module in modules.values()]
packaged = [file.rpartition('site-packages/')[2] for file in files if 'site-packages' in file]
loaded = sorted(set(file.split('/')[0] for file in packaged))
return [[name for name in os.environ if name != "LC_CTYPE"], loaded, sys.path]
"""
    answer = await run(block, body)
    assert answer.result == [[], ["ormsgpack"], []]


async def test_standard_streams_lead_nowhere(block: CellBlock, capfd: pytest.CaptureFixture[str]) -> None:
    await run(block, f"{ESCAPE}os.write(1, b'seen')\nos.write(2, b'seen')")
    assert capfd.readouterr() == ("", "")


async def test_no_connection_reaches_a_listener(block: CellBlock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        answer = await run(block, f"{ESCAPE}socket.create_connection(('127.0.0.1', {port}), 1)")
        assert answer.failure is not None
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file that everybody may write."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    victim.chmod(0o666)
    tmp_path.chmod(0o777)
    return victim


async def test_a_file_that_everybody_may_write_stays_as_it_is(block: CellBlock, victim: Path) -> None:
    answer = await run(block, f"{ESCAPE}open({str(victim)!r}, 'w').write('touched')")
    assert answer.failure is not None
    assert answer.failure.error_type == "PermissionError"
    assert await trio.Path(victim).read_text() == "untouched"


DRIPS = {
    "half a frame": "os.write(fd, b'\\x00\\x00')\nwhile True:\n    pass",
    "asking without listening": "while True:\n    say({'kind': 'load', 'oid': 2})",
    "asking for ever": "while True:\n    channel.ask({'kind': 'load', 'oid': 2})",
}


@pytest.mark.parametrize("drip", DRIPS)
async def test_keeping_the_kernel_busy_ends(block: CellBlock, drip: str) -> None:
    answer = await run(block, ESCAPE + DRIPS[drip])
    assert answer.failure is not None
    assert answer.failure.kind == "stopped"
    await assert_still_serving(block)
