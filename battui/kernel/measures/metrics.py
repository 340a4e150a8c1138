"""What a kernel counts of itself, from its start on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from battui.contracts.commands import Ask, Bind, Command, Once, Read, Send, Teach, Write
from battui.contracts.errors import Busy
from battui.contracts.generation import GenerationResult

BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds; waits are counted between these."""
MESSAGES = (Read, Write, Send, Bind, Ask, Teach)


class Latency:
    """How long things took, in classes."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self._classes = [0] * len(BOUNDS)

    def add(self, seconds: float) -> None:
        """Count one; it falls into every class that is wide enough."""
        self.count += 1
        self.seconds += seconds
        for place, bound in enumerate(BOUNDS):
            if seconds <= bound:
                self._classes[place] += 1

    @property
    def within(self) -> tuple[tuple[float, int], ...]:
        """For each bound in seconds how many took no longer."""
        return tuple(zip(BOUNDS, self._classes, strict=True))


class Metrics:
    """Counts commands as their senders see them: from the moment they are given to the reply."""

    def __init__(self) -> None:
        self.started_at = time.time()
        self.commands = 0
        self.failed = 0
        self.busy = 0
        self.in_flight = 0
        self.messages = Latency()

    @contextmanager
    def counting(self, command: Command) -> Iterator[None]:
        """Count the command that is performed in this block, and how it ends."""
        began = trio.current_time()
        self.in_flight += 1
        try:
            yield
        except Busy:
            self.busy += 1
            raise
        except BaseException:
            self._count(command, began)
            self.failed += 1
            raise
        else:
            self._count(command, began)
        finally:
            self.in_flight -= 1

    def _count(self, command: Command, began: float) -> None:
        self.commands += 1
        inner = command.command if isinstance(command, Once) else command
        if isinstance(inner, MESSAGES):
            self.messages.add(trio.current_time() - began)


class Usage:
    """What an engine has generated, and how long it had something to do."""

    def __init__(self) -> None:
        self.generations = 0
        self.tokens = 0
        self._seconds = 0.0
        self._running = 0
        self._since = 0.0

    @property
    def seconds(self) -> float:
        """How long at least one request was with the engine."""
        return self._seconds + (trio.current_time() - self._since if self._running else 0.0)

    @contextmanager
    def working(self) -> Iterator[None]:
        """A request is with the engine in this block."""
        if not self._running:
            self._since = trio.current_time()
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._seconds += trio.current_time() - self._since

    def add(self, result: GenerationResult) -> None:
        """Count what a request came to."""
        self.generations += 1
        self.tokens += sum(candidate.tokens for candidate in result.candidates)
