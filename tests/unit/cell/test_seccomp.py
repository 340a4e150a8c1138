"""The filter, run by a small interpreter of BPF: so both architectures are tested on each."""

from __future__ import annotations

import errno
import struct
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.cell import bpf, seccomp

MACHINES = sorted(seccomp.AUDIT_ARCHITECTURE)
REFUSED = bpf.REFUSE | errno.EPERM
TABLE = tomllib.loads((files("battui.cell") / "syscalls.toml").read_text(encoding="utf-8"))


def verdict(program: bytes, architecture: int, number: int, *arguments: int) -> int:
    """What the program returns for a system call (`seccomp_data`: number, architecture, address, arguments)."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    instructions = list(struct.iter_unpack("=HBBI", program))
    accumulator = place = 0
    while True:
        code, hit, miss, operand = instructions[place]
        place += 1
        if code == bpf.RETURN:
            return int(operand)
        if code == bpf.LOAD_WORD:
            (accumulator,) = struct.unpack_from("=I", data, operand)
        elif code == bpf.JUMP:
            place += operand
        else:
            test = {
                bpf.JUMP_IF_EQUAL: accumulator == operand,
                bpf.JUMP_IF_AT_LEAST: accumulator >= operand,
                bpf.JUMP_IF_ANY_BIT: bool(accumulator & operand),
            }[code]
            place += hit if test else miss


def expected(machine: str, number: int) -> int:
    groups = {group for group in TABLE if number in seccomp.numbers(group, machine)}
    if groups & {"allowed", "not_executable", "own_process"}:
        return bpf.ALLOW
    return REFUSED if groups else bpf.KILL_PROCESS


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_gets_the_verdict_of_its_group(machine: str) -> None:
    program = seccomp.build(machine)
    architecture = seccomp.AUDIT_ARCHITECTURE[machine]
    for number in range(600):
        assert verdict(program, architecture, number) == expected(machine, number), number


@pytest.mark.parametrize("machine", MACHINES)
@given(number=st.integers(600, (1 << 32) - 1))
def test_a_number_nobody_knows_is_the_end(machine: str, number: int) -> None:
    assert verdict(seccomp.build(machine), seccomp.AUDIT_ARCHITECTURE[machine], number) == bpf.KILL_PROCESS


@pytest.mark.parametrize("machine", MACHINES)
@given(architecture=st.integers(0, (1 << 32) - 1), number=st.integers(0, 500))
def test_a_call_of_another_architecture_is_the_end(machine: str, architecture: int, number: int) -> None:
    if architecture != seccomp.AUDIT_ARCHITECTURE[machine]:
        assert verdict(seccomp.build(machine), architecture, number) == bpf.KILL_PROCESS


@pytest.mark.parametrize("machine", MACHINES)
@given(protection=st.integers(0, 7))
def test_memory_is_never_executable(machine: str, protection: int) -> None:
    program = seccomp.build(machine)
    for number in seccomp.numbers("not_executable", machine):
        answer = verdict(program, seccomp.AUDIT_ARCHITECTURE[machine], number, 0, 4096, protection)
        assert answer == (REFUSED if protection & 4 else bpf.ALLOW)


@pytest.mark.parametrize("machine", MACHINES)
@given(process=st.integers(0, 1 << 31))
def test_limits_are_lowered_for_oneself_alone(machine: str, process: int) -> None:
    program = seccomp.build(machine)
    for number in seccomp.numbers("own_process", machine):
        answer = verdict(program, seccomp.AUDIT_ARCHITECTURE[machine], number, process)
        assert answer == (REFUSED if process else bpf.ALLOW)


@pytest.mark.parametrize("machine", MACHINES)
def test_no_call_is_in_two_groups(machine: str) -> None:
    numbers = [number for group in TABLE for number in seccomp.numbers(group, machine)]
    assert len(numbers) == len(set(numbers))


def test_the_few_calls_that_are_allowed() -> None:
    """A longer list is a decision: it is made here as well."""
    assert TABLE["allowed"].keys() == {
        "read", "write", "close", "futex", "munmap", "mremap", "madvise", "brk", "exit", "exit_group",
        "rt_sigreturn", "rt_sigprocmask", "sigaltstack", "clock_gettime", "clock_getres", "gettimeofday", "time",
        "getrandom", "getpid", "gettid", "sched_yield", "restart_syscall",
    }  # fmt: skip


def test_a_jump_too_far_is_not_encoded() -> None:
    program = bpf.Program()
    program.add(bpf.JUMP_IF_EQUAL, 1, then="end")
    for _ in range(bpf.MAX_CONDITIONAL_JUMP + 1):
        program.add(bpf.LOAD_WORD)
    program.label("end")
    program.add(bpf.RETURN)
    with pytest.raises(ValueError, match="longer than"):
        program.assemble()


def test_a_jump_backwards_and_a_label_set_twice_are_refused() -> None:
    program = bpf.Program()
    program.label("start")
    program.add(bpf.JUMP, then="start")
    with pytest.raises(ValueError, match="backwards"):
        program.assemble()
    with pytest.raises(ValueError, match="twice"):
        program.label("start")
