"""A small assembler for the classic BPF programs that seccomp runs.

Instructions and their encoding: Linux `include/uapi/linux/filter.h` and `bpf_common.h`; the return values and the
layout of what a filter sees (`seccomp_data`): `include/uapi/linux/seccomp.h`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

LOAD_WORD = 0x20
JUMP = 0x05
JUMP_IF_EQUAL = 0x15
JUMP_IF_AT_LEAST = 0x35
JUMP_IF_ANY_BIT = 0x45
RETURN = 0x06

ALLOW = 0x7FFF0000
REFUSE = 0x00050000
KILL_PROCESS = 0x80000000

NUMBER_OFFSET = 0
ARCHITECTURE_OFFSET = 4
ARGUMENTS_OFFSET = 16

MAX_CONDITIONAL_JUMP = 255


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; a jump names labels, and an empty label means the next instruction."""

    code: int
    operand: int = 0
    then: str = ""
    otherwise: str = ""


class Program:
    """Instructions and labels in the order they are written."""

    def __init__(self) -> None:
        self._instructions: list[Instruction] = []
        self._labels: dict[str, int] = {}

    def add(self, code: int, operand: int = 0, *, then: str = "", otherwise: str = "") -> None:
        """Append an instruction."""
        self._instructions.append(Instruction(code, operand, then, otherwise))

    def label(self, name: str) -> None:
        """Name the place of the next instruction."""
        if name in self._labels:
            raise ValueError(f"the label {name} is set twice")
        self._labels[name] = len(self._instructions)

    def assemble(self) -> bytes:
        """The program as the kernel takes it; raises ValueError where a jump cannot be encoded."""
        return b"".join(
            self._encode(place, instruction) for place, instruction in enumerate(self._instructions)
        )

    def _encode(self, place: int, instruction: Instruction) -> bytes:
        if instruction.code == JUMP:
            return struct.pack("=HBBI", JUMP, 0, 0, self._distance(place, instruction.then))
        hit = self._distance(place, instruction.then)
        miss = self._distance(place, instruction.otherwise)
        if max(hit, miss) > MAX_CONDITIONAL_JUMP:
            raise ValueError(f"the jump at {place} is longer than {MAX_CONDITIONAL_JUMP} instructions")
        return struct.pack("=HBBI", instruction.code, hit, miss, instruction.operand)

    def _distance(self, place: int, label: str) -> int:
        if not label:
            return 0
        distance = self._labels[label] - place - 1
        if distance < 0:
            raise ValueError(f"the jump at {place} to {label} goes backwards")
        return distance
