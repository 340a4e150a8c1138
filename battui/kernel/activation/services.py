"""Primitives that take time: asked for by a message or by code in a cell, performed outside of transactions."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping

from battui.contracts.errors import ArgumentMismatch, Refused
from battui.contracts.generation import AdapterUse, ChatMessage, GenerationRequest
from battui.contracts.values import Ref, Value
from battui.image.world import World
from battui.kernel.catalog.librarian import Librarian
from battui.kernel.experts.expert_memory import ExpertMemory
from battui.kernel.inference.inference import Inference
from battui.kernel.transactions.committer import Committer
from battui.mind.cycle import Mandate, start_cycle
from battui.mind.personas import voice_of

MAX_PROMPT = 20_000
MAX_TOKENS = 512


class Services:
    """Implements contracts.activation.CellServices. The set is closed and every argument is checked."""

    def __init__(
        self, inference: Inference, committer: Committer, librarian: Librarian, experts: ExpertMemory
    ) -> None:
        self._inference = inference
        self._experts = experts
        self._committer = committer
        self._librarian = librarian
        self._numbers = itertools.count(1)

    async def perform(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        """Perform what a message from outside asks for; raises BattuiError.

        It may change the catalog and the engine. Code in a cell may not: a candidate on trial has to leave no trace.
        """
        match name:
            case "index_document":
                return await self._librarian.index_document(arguments)
            case "unindex_document":
                return await self._librarian.unindex_document(arguments)
            case "activate_expert":
                return await self._activate(_text(arguments, "name"))
            case "experts":
                return {name: self._experts.tier(name) for name in self._experts.names}
        return await self.call(name, receiver, arguments)

    async def call(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        """Perform `name` for the object with oid `receiver`; raises BattuiError."""
        match name.rstrip("_"):
            case "infer":
                return await self._infer(receiver, arguments)
            case "start_cognitive_cycle" | "start_cognitive_cycle_for":
                return await self._start_cycle(arguments)
            case "search":
                return await self._librarian.search(arguments)
            case "now":
                return time.time()
        raise Refused("this cannot be asked from within a method", about=name, remedy="Send it from outside.")

    async def _activate(self, name: str) -> Value:
        """Make an adapter hot; from which tier it came, with bytes and milliseconds."""
        move = await self._experts.activate(name)
        way: dict[str, Value] = {"expert": name, "from": move.source, "to": move.target}
        return way | {"bytes": move.bytes, "ms": round(move.seconds * 1000)}

    async def _infer(self, receiver: int, arguments: Mapping[str, Value]) -> str:
        """Ask the model in words and in the receiver's voice; the text it answers."""
        prompt = _text(arguments, "prompt")
        voice = await self._committer.perform("read", lambda world: voice_of(world, receiver))
        told = {name: _text(arguments, name) for name in ("system_prompt", "adapter") if arguments.get(name)}
        system, adapter = told.get("system_prompt", voice.system_prompt), told.get("adapter", voice.adapter)
        most = arguments.get("max_tokens", 128)
        if not isinstance(most, int) or not 1 <= most <= MAX_TOKENS:
            raise ArgumentMismatch(f"max_tokens is a number from 1 to {MAX_TOKENS}", about="infer_")
        messages = [ChatMessage("system", system)] if system else []
        request = GenerationRequest(
            id=f"infer.{Ref(receiver)}.{next(self._numbers)}",
            messages=(*messages, ChatMessage("user", prompt)),
            max_tokens=most,
            sampling=voice.sampling,
            adapter=AdapterUse(adapter) if adapter else None,
        )
        result = await self._inference.generate(request)
        return str(result.candidates[0].text).strip()

    async def _start_cycle(self, arguments: Mapping[str, Value]) -> str:
        """Start a cognitive cycle by hand: a mission brief for a target; the mission's id."""
        target, brief = arguments.get("target"), arguments.get("mission_brief")
        if not isinstance(target, Ref) or not isinstance(brief, dict):
            raise ArgumentMismatch(
                "it takes an object and a mission brief",
                about="start_cognitive_cycle_for_",
                remedy="For example: (target=account, mission_brief={'question': 'Is it overdrawn?'})",
            )
        mandate = Mandate("question", question=_text(brief, "question"))

        def start(world: World) -> str:
            mission: str = start_cycle(world, world.object_at(target.oid), mandate, time.time()).mission
            return mission

        return await self._committer.perform("start cognitive cycle", start)


def _text(arguments: Mapping[str, Value], name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_PROMPT:
        raise ArgumentMismatch(f"{name} is a text of 1 to {MAX_PROMPT} characters", about=name)
    return value
