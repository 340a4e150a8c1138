"""Code that reaches for the system, in real cells: nothing leaves them, and the next message is answered."""

from __future__ import annotations

import os
import platform
import socket
from pathlib import Path

import pytest
import trio

from battui.kernel.cells.cells import CellBlock
from tests.functional.cell_attacks.conftest import ESCAPE, assert_still_serving, needs_seccomp, run

pytestmark = needs_seccomp


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
