"""The thread that works exllamav2's generator: jobs with one adapter at a time, and a clean cache for the next.

An adapter belongs to the whole generator, and what it has computed stays in a cache that goes by tokens alone: pages
of one adapter would serve another. So jobs run in turns, all with the same adapter, and a turn with another one
begins with an empty page table.
"""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from battui.contracts.errors import BattuiError, EngineFailed
from battui.contracts.generation import AdapterUse
from battui.engines.adapter_turns import ALONE, AdapterTurns, Use, use_of
from battui.engines.exllamav2_notes import Ended, Failed, Note, Said

TURN = 16
"""So many jobs of a turn may pass those that have waited longer for another adapter."""


@dataclass(eq=False)
class Job:
    """One candidate: `make` makes the library's job for it, `notes` takes what comes of it."""

    index: int
    adapter: AdapterUse | None
    make: Callable[[], Any]
    notes: queue.SimpleQueue[Note]
    cancelled: threading.Event
    work: Any = field(default=None, init=False)
    tokens: int = field(default=0, init=False)
    size: int = field(default=1, init=False)

    @property
    def use(self) -> Use:
        """What the cached part of its prompt is good for."""
        return use_of(self.adapter)


class Turns:
    """Runs the jobs given to `put` until `stop`. Only its own thread touches the generator."""

    def __init__(self, generator: Any, lora_for: Callable[[AdapterUse | None], Any]) -> None:
        self._generator = generator
        self._lora_for = lora_for
        self._turns: AdapterTurns[Job] = AdapterTurns(TURN)
        self._waiting = self._turns.waiting
        self._active: list[Job] = []
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="exllamav2", daemon=True)
        self._thread.start()

    def put(self, jobs: list[Job]) -> None:
        """Have jobs done, in this order where they have the same adapter."""
        with self._changed:
            if self._stopped:
                raise EngineFailed("the engine is being unloaded")
            self._waiting.extend(jobs)
            self._changed.notify()

    def stop(self) -> None:
        """Cancel what runs and end the thread."""
        with self._changed:
            self._stopped = True
            for job in (*self._waiting, *self._active):
                job.cancelled.set()
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._waiting or self._active or self._stopped):
                    self._changed.wait()
                if self._stopped and not (self._waiting or self._active):
                    return
            try:
                self._step()
            except Exception as error:
                traceback.print_exception(error)
                self._recover(error)

    def _step(self) -> None:
        self._drop_cancelled()
        for job in self._next_jobs():
            self._begin(job)
        if self._active:
            for result in self._generator.iterate():
                self._hear(result)

    def _drop_cancelled(self) -> None:
        with self._changed:
            dropped = [job for job in self._waiting if job.cancelled.is_set()]
            for job in dropped:
                self._waiting.remove(job)
        for job in [job for job in self._active if job.cancelled.is_set()]:
            self._generator.cancel(job.work)
            self._active.remove(job)
            dropped.append(job)
        for job in dropped:
            job.notes.put(Ended(job.index, "cancelled", job.tokens))

    def _next_jobs(self) -> list[Job]:
        """Those that may begin now: of the turn's adapter, or when it is over, of the one that waited longest."""
        with self._changed:
            if not self._active and self._turns.is_over:
                self._turn_to(self._waiting[0])
            return self._turns.admitted()

    def _turn_to(self, job: Job) -> None:
        if job.use == self._turns.use:
            self._turns.begin(job.use)
            return
        # Not set_loras([]): the call after that fails. And the page table knows nothing of adapters.
        self._turns.begin(ALONE)
        self._generator.current_loras = None
        self._generator.reset_page_table()
        try:
            lora = self._lora_for(job.adapter)
        except BattuiError as error:
            self._refuse_all(job.use, error)
            return
        self._turns.begin(job.use)
        self._generator.current_loras = None if lora is None else [lora]

    def _refuse_all(self, use: Use, error: BattuiError) -> None:
        for job in [job for job in self._waiting if job.use == use]:
            self._waiting.remove(job)
            job.notes.put(Failed(job.index, error))

    def _begin(self, job: Job) -> None:
        try:
            job.work = job.make()
            self._generator.enqueue(job.work)
        except Exception as error:  # an AssertionError where it is too large for the cache
            job.notes.put(Failed(job.index, EngineFailed(f"exllamav2 refused the job: {error}")))
        else:
            self._active.append(job)

    def _hear(self, result: dict[str, Any]) -> None:
        job = next((job for job in self._active if job.work is result["job"]), None)
        if job is None or result["stage"] != "streaming":
            return
        if text := result.get("text"):
            job.tokens += 1
            job.notes.put(Said(job.index, text))
        if result["eos"]:
            self._active.remove(job)
            reason: Literal["length", "stop"] = (
                "length" if result["eos_reason"] == "max_new_tokens" else "stop"
            )
            cached = int(result.get("cached_tokens", 0))
            job.notes.put(Ended(job.index, reason, int(result["new_tokens"]), cached))

    def _recover(self, error: Exception) -> None:
        """An error of `iterate` belongs to no job: all that ran are lost, and nothing in the cache can be trusted."""
        lost, self._active = self._active, []
        told = EngineFailed(f"exllamav2 failed: {type(error).__name__}: {error}")
        with self._changed:
            if not lost and self._waiting:  # it came of what was about to begin, and would come again
                lost = [self._waiting.popleft()]
        for job in lost:
            job.notes.put(Failed(job.index, told))
        # Its own clear_queue() would give pages back one by one, which may be what has failed.
        self._generator.active_jobs.clear()
        self._generator.pending_jobs.clear()
        self._generator.reset_page_table()
