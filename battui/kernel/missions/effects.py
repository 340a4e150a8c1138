"""What states ask for, performed: the engine, the guardian and the cell, the record, the sender's answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import outcome
import trio

from battui.contracts.generation import GenerationRequest, GenerationResult
from battui.contracts.values import Value
from battui.kernel.activation.senders import Senders
from battui.kernel.activation.trials import Trials
from battui.kernel.catalog.librarian import Librarian
from battui.kernel.events.bus import Bus
from battui.kernel.inference.inference import Inference
from battui.kernel.transactions.committer import Committer
from battui.kernel.transactions.ledger import Ledger
from battui.mind.provenance import record_of
from battui.mind.steps import (
    AnswerSender,
    Errand,
    Excerpt,
    Found,
    Generate,
    Generated,
    Outcome,
    ReadRecord,
    Recall,
    Recalled,
    RecordRead,
    Search,
    TryCandidates,
)

MOST_PASSAGES = 6
"""How many are searched for what an answer may rest on; the model is shown fewer."""


class Effects:
    """Performs effects; an effect under way when the kernel dies is performed again on the next start."""

    def __init__(
        self,
        *,
        committer: Committer,
        inference: Inference,
        trials: Trials,
        senders: Senders,
        librarian: Librarian,
        bus: Bus,
        ledger: Ledger,
    ) -> None:
        self._committer = committer
        self._inference = inference
        self._trials = trials
        self._senders = senders
        self._librarian = librarian
        self._bus = bus
        self._ledger = ledger
        self._engine_changed = trio.Event()

    def engine_has_changed(self) -> None:
        """The engine's state is another one now: wake the missions that wait for it."""
        changed, self._engine_changed = self._engine_changed, trio.Event()
        changed.set()

    def engine_change(self) -> trio.Event:
        """Set when the engine's state changes next; take it before asking, so that no change is missed."""
        return self._engine_changed

    async def ready(self, effect: Errand) -> None:
        """Wait for what the effect needs, before it is performed; raises BattuiError as `perform` does."""
        if isinstance(effect, Generate):
            await self._inference.describe()

    async def perform(self, mission: str, effect: Errand) -> Outcome | None:
        """Perform one effect and return what came of it; raises BattuiError."""
        match effect:
            case Generate():
                return await self._generate(mission, effect)
            case TryCandidates():
                return await self._trials.perform(mission, effect)
            case ReadRecord():
                return RecordRead(await self._ledger.save(self._committer))
            case Search(queries=queries):
                return await self._look_up(queries)
            case Recall():
                return Recalled(await self._librarian.recall(effect))
            case AnswerSender(number=number):
                await self._senders.answer(mission, number)
                return None

    async def _look_up(self, queries: tuple[str, ...]) -> Found:
        passages = await self._librarian.look_up(queries, MOST_PASSAGES)
        excerpts = tuple(Excerpt(each.place, each.text, (each.title, *each.headings)) for each in passages)
        rarity = await self._librarian.rarity(queries[0])
        return Found(excerpts, rarity, indexed=not await self._librarian.is_empty())

    async def _generate(self, mission: str, effect: Generate) -> Generated:
        requests = effect.requests
        able = (await self._inference.describe()).capabilities
        # An engine that cannot hold to a form is asked in words alone; what reads the text is tolerant.
        if "schema" not in able:
            requests = tuple(replace(request, schema=None) for request in requests)
        if "grammar" not in able:
            requests = tuple(replace(request, grammar=None) for request in requests)
        if "branches" not in able:
            requests = tuple(replace(request, branches=False) for request in requests)
        results: list[outcome.Maybe[GenerationResult] | None] = [None] * len(requests)

        async def ask(number: int, request: GenerationRequest) -> None:
            results[number] = await outcome.acapture(
                self._inference.generate, request, self._listener(mission)
            )

        async with trio.open_nursery() as nursery:
            for number, request in enumerate(requests):
                nursery.start_soon(ask, number, request)
        texts = tuple(result.unwrap() for result in results if result is not None)
        model = self._inference.model
        pairs = zip(requests, texts, strict=True)
        records = tuple(record_of(effect.purpose, request, text, model) for request, text in pairs)
        return Generated(effect.purpose, texts, records)

    def _listener(self, mission: str) -> Callable[[str, int, str], None]:
        def listen(request_id: str, candidate: int, text: str) -> None:
            data: dict[str, Value] = {"request": request_id, "candidate": candidate, "text": text}
            self._bus.announce("token", text, level="debug", mission=mission, data=data)

        return listen
