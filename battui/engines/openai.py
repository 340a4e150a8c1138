"""Servers that speak OpenAI's interface, such as vLLM, TabbyAPI, llama-server and Ollama."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from battui.contracts.errors import ModelUnavailable, Refused
from battui.contracts.generation import (
    EngineDescription,
    EngineOptions,
    GenerationRequest,
    GenerationResult,
    ModelFiles,
    OnProgress,
    OnToken,
)
from battui.contracts.settings import KEY_VARIABLE
from battui.engines.admission import admit, too_long
from battui.engines.completion import Round, rounds
from battui.engines.openai_address import Address, read_address
from battui.engines.openai_answer import Answer, body, one_by_one
from battui.engines.openai_client import Call, Cancelled, Client
from battui.engines.openai_server import Server, look_at


class OpenAIEngine:
    """Has a server generate. The model is the server's: of the image's one only the name counts."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._address: Address | None = None
        self._client: Client | None = None
        self._server: Server | None = None
        self._context = 0
        self._parallel = 1
        self._counts = True  # whether the server gives several candidates for one call
        self._calls: dict[str, Call] = {}

    def describe(self) -> EngineDescription:
        server = self._server
        return EngineDescription(
            name="openai",
            version=server.version if server else "",
            model=server.model if server else "",
            context=self._context,
            capabilities=server.capabilities if server else frozenset(),
            device=self._address.url if self._address else "",
            adapters=server.adapters if server else (),
        )

    def load(self, model: ModelFiles, options: EngineOptions, progress: OnProgress) -> None:
        """Look what the server at `options.url` offers.

        Raises ModelUnavailable where there is none or it has no such model, EngineFailed where it does not answer,
        UsageError where the address cannot be used.
        """
        self.unload()
        address = read_address(options.url)
        progress(0.0)
        client = Client(address, self._environ.get(KEY_VARIABLE, ""))
        server = look_at(address, client, model.name)
        self._address, self._client, self._server = address, client, server
        self._context = min(options.context, server.context or options.context)
        self._parallel = max(1, options.parallel)
        self._counts = True
        progress(1.0)

    def generate(self, request: GenerationRequest, on_token: OnToken) -> GenerationResult:
        server, client = self._loaded()
        admit(request, self.describe())
        chosen = server.chosen(request.adapter)
        self._require_room(server, request)
        answer, call = Answer(request, on_token), Call()
        self._calls[request.id] = call
        try:
            with suppress(Cancelled):
                for turn in rounds(request, self._parallel):
                    self._ask(client, answer, call, turn, chosen)
        finally:
            self._calls.pop(request.id, None)
        return answer.result()

    def _ask(
        self, client: Client, answer: Answer, call: Call, turn: Round, chosen: Mapping[str, object]
    ) -> None:
        """Have one round answered: in one call, or one by one where the server takes no number of candidates."""
        if turn.count > 1 and not self._counts:
            for index in range(turn.first, turn.first + turn.count):
                self._ask(client, answer, call, one_by_one(turn, index), chosen)
            return
        assert self._address is not None
        way = "completions" if answer.request.prompt is not None else "chat/completions"
        for event in client.stream(f"{self._address.base}/{way}", body(answer.request, turn, chosen), call):
            answer.take(event, turn)
        if missing := answer.missing(turn):
            self._counts = False
            for index in missing:
                self._ask(client, answer, call, one_by_one(turn, index), chosen)

    def _require_room(self, server: Server, request: GenerationRequest) -> None:
        # A server that tells its context refuses what is too long; of the others some cut it off and say nothing.
        if request.prompt is None or server.context == self._context:
            return
        if (tokens := server.count(request.prompt)) >= self._context:
            raise too_long(tokens, self._context)

    def cancel(self, request_id: str) -> None:
        if call := self._calls.get(request_id):
            call.cancel()

    def count_tokens(self, text: str) -> int:
        """As the server counts; of a server that does not, a careful estimate."""
        return self._loaded()[0].count(text)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text. Raises Refused where the server makes none."""
        server, client = self._loaded()
        if "embed" not in server.capabilities:
            raise Refused("the server makes no vectors of this model", about=server.model)
        assert self._address is not None
        fields = {"model": server.model, "input": list(texts)}
        return _vectors(client.ask("POST", f"{self._address.base}/embeddings", fields), len(texts))

    def unload(self) -> None:
        for call in list(self._calls.values()):
            call.cancel()
        self._address = self._client = self._server = None

    def _loaded(self) -> tuple[Server, Client]:
        if self._server is None or self._client is None:
            raise ModelUnavailable("no server has been asked yet", about="openai")
        return self._server, self._client


def _vectors(answer: Any, count: int) -> list[list[float]]:
    rows = sorted(answer.get("data") or (), key=lambda row: int(row["index"]))
    if len(rows) != count:
        raise Refused(f"the server made {len(rows)} vectors of {count} texts")
    return [[float(number) for number in row["embedding"]] for row in rows]
