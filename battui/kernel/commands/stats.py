"""The kernel's figures, put together from those who count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from battui.contracts.replies import KernelStats
from battui.image.world import World
from battui.kernel.cells.cells import CellBlock
from battui.kernel.experts.expert_memory import ExpertMemory
from battui.kernel.inference.inference import Inference
from battui.kernel.measures.metrics import Metrics
from battui.kernel.messages.mailbox import Mailbox
from battui.kernel.transactions.ledger import Ledger
from battui.mind.cycle import active_cycles, state_of

NOT_BEGUN = "not started"
"""The state of an engine that nothing has needed yet."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Where each figure comes from."""

    metrics: Metrics
    mailbox: Mailbox
    ledger: Ledger
    inference: Inference
    experts: ExpertMemory
    cells: CellBlock

    def stats(self, missions: Mapping[str, int]) -> KernelStats:
        """The figures now; `missions` are those that the image knows of. Only in the kernel's own thread."""
        metrics, usage, status = self.metrics, self.inference.usage, self.inference.status
        queued = self.mailbox.waiting
        return KernelStats(
            started_at=metrics.started_at,
            commands=metrics.commands,
            failed=metrics.failed,
            busy=metrics.busy,
            queued=queued,
            performing=metrics.in_flight - queued,
            messages=metrics.messages.count,
            seconds=metrics.messages.seconds,
            within=metrics.messages.within,
            missions=Counter(missions) + Counter(self.ledger.missions),
            engine=status.state if self.inference.begun else NOT_BEGUN,
            restarts=status.restarts,
            generations=usage.generations,
            tokens=usage.tokens,
            working_s=usage.seconds,
            tiers=Counter(self.experts.tier(name) for name in self.experts.names),
            hot_bytes=self.experts.engine_bytes,
            warm_bytes=self.experts.warm.bytes,
            activations=self.cells.activations,
            kills=self.cells.kills,
        )


def mission_counts(world: World) -> Mapping[str, int]:
    """How many missions are in which state: the open ones, and how often one has ended, as ALFRED's record has it."""
    record = world.root["alfred_prototype_obj"]._slots.get("record") or {"missions": {}}
    return Counter(state_of(cycle) for cycle in active_cycles(world)) + Counter(record["missions"])
