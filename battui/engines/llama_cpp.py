"""llama.cpp on the CPU, through xllamacpp: one server object, its slots, and no network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from battui.contracts.errors import EngineFailed, ModelUnavailable, Refused
from battui.contracts.generation import (
    Capability,
    EngineDescription,
    EngineOptions,
    GenerationRequest,
    GenerationResult,
    ModelFiles,
    OnProgress,
    OnToken,
)
from battui.engines.adapter_turns import use_of
from battui.engines.admission import admit, too_long
from battui.engines.branching import NOWHERE, Frontier, Token
from battui.engines.completion import ANY_SLOT, Completion, Round, body, rounds
from battui.engines.gguf import Header, read_header
from battui.engines.gguf_lora import converted
from battui.engines.llama_cpp_library import imported, version_of_library
from battui.engines.private_socket import PrivateSocket
from battui.engines.slots import Call, Slots

PROMPT_BATCH = 128  # a prompt can be cancelled between batches; 128 is as fast as 2048 on a CPU
PROMPT_CACHE_MIB = 512  # prompts that lost their slot, kept in RAM; the library's own default is 8192
QUIET = 1  # errors only
FEW_TOKENS = 8  # what a tokenizer may put around a text
READ_CHUNK = 8 << 20
GENERATES: frozenset[Capability] = frozenset(
    {"stream", "batch", "grammar", "schema", "adapters", "chat-template", "branches"}
)
READ_SHARE = 0.9  # of the progress: to read the file; the rest is the library's, which reports none


class LlamaCppEngine:
    """Generates with a GGUF model. Jobs run at the same time, each in a slot with a full context of its own."""

    def __init__(self) -> None:
        self._server: Any = None
        self._socket: PrivateSocket | None = None
        self._model = ""
        self._context = 0
        self._parallel = 1
        self._slots = Slots(1)
        self._pools = False
        self._adapters: tuple[str, ...] = ()
        self._running: dict[str, Completion] = {}

    def describe(self) -> EngineDescription:
        return EngineDescription(
            name="llama.cpp",
            version=version_of_library(),
            model=self._model,
            context=self._context,
            capabilities=frozenset({"embed"}) if self._pools else GENERATES,
            adapters=self._adapters,
        )

    def load(self, model: ModelFiles, options: EngineOptions, progress: OnProgress) -> None:
        """Raises ModelUnavailable for a file that is no whole GGUF model and for an adapter that does not fit it,
        EngineFailed without the library."""
        path = _model_path(model)
        header = read_header(path)  # the library may abort the process over a file that is none
        self.unload()
        library = imported()
        _read_ahead(path, progress)
        self._socket = PrivateSocket()
        loras = self._converted(model, header, options)
        self._context = min(options.context, header.context) if header.context else options.context
        self._pools = header.pools
        self._parallel = 1 if header.pools else max(1, options.parallel)
        self._slots = Slots(self._parallel)
        try:
            self._server = library.Server(self._parameters(library, path, options, loras))
        except Exception as error:
            self.unload()
            raise _not_loaded(path, header) from error
        if self._server.listening_address != f"unix://{self._socket.path}":
            self.unload()
            raise EngineFailed("llama.cpp did not keep to its private socket")
        # Answered by the server's own loop: a server that is ended before its loop runs is never done with ending.
        self._ask("/lora-adapters", [])
        self._model = model.name
        self._adapters = tuple(adapter.name for adapter in model.adapters)
        progress(1.0)

    def _converted(self, model: ModelFiles, header: Header, options: EngineOptions) -> list[Path]:
        assert self._socket is not None
        cache = Path(options.cache) / "adapters" if options.cache else self._socket.folder
        try:
            return [converted(adapter, header, cache) for adapter in model.adapters]
        except BaseException:
            self.unload()
            raise

    def _parameters(self, library: Any, path: Path, options: EngineOptions, loras: Sequence[Path]) -> Any:
        assert self._socket is not None
        parameters = library.CommonParams()
        parameters.model.path = str(path)
        parameters.model_alias = {path.stem}
        parameters.n_ctx = self._context * self._parallel  # the library's figure is for all slots together
        parameters.n_parallel = self._parallel
        # Kept apart, only slots that are neighbours are computed together. No job takes another's room: each ends
        # within its own context, and the room is for as many contexts as there are slots.
        parameters.kv_unified = True
        parameters.n_batch = PROMPT_BATCH
        # Its key is the prompt's tokens alone: what one adapter has computed it hands to another, or to the model.
        parameters.cache_ram_mib = 0 if loras else PROMPT_CACHE_MIB
        if self._pools:
            parameters.embedding = True
            # Such a model looks at a text as a whole: all of it has to be in one batch.
            parameters.n_batch = parameters.n_ubatch = self._context
        cores = len(os.sched_getaffinity(0))
        parameters.cpuparams.n_threads = options.threads or max(1, cores - 1)
        # Prompts and several candidates gain from the last core as well, and do not mind to wait for it.
        parameters.cpuparams_batch.n_threads = options.threads or cores
        parameters.hostnames = [str(self._socket.path)]
        parameters.n_threads_http = 2
        parameters.endpoint_slots = False
        parameters.ui = False
        parameters.warmup = False
        parameters.fit_params = False
        parameters.verbosity = QUIET
        parameters.lora_adapters = [library.CommonAdapterLoraInfo(str(lora), 1.0) for lora in loras]
        parameters.lora_init_without_apply = True  # each request says which it wants
        return parameters

    def generate(self, request: GenerationRequest, on_token: OnToken) -> GenerationResult:
        admit(request, self.describe())
        if self._pools:
            raise Refused("this model makes vectors and generates no text", about=self._model)
        server = self._loaded()
        completion = Completion(request, on_token, self._context)
        self._running[request.id] = completion
        try:
            prompt = self._prompt(request)
            request = self._within_context(request, prompt)
            index = self._branch(server, completion, request, prompt) if request.branches else 0
            for turn in () if request.least else rounds(request, self._parallel, index):
                self._run(server, completion, request, prompt, turn)
        finally:
            self._running.pop(request.id, None)
        return completion.finish()

    def _within_context(self, request: GenerationRequest, prompt: str) -> GenerationRequest:
        """The request for no more tokens than its share of the room has; raises Refused where that has none.

        The server itself would give one text the room of all of them.
        """
        if len(prompt.encode()) + request.max_tokens + FEW_TOKENS <= self._context:
            return request  # no token is less than a byte
        tokens = self.count_tokens(prompt)
        if tokens >= self._context:
            raise too_long(tokens, self._context)
        return replace(request, max_tokens=min(request.max_tokens, self._context - tokens))

    def _branch(self, server: Any, completion: Completion, request: GenerationRequest, prompt: str) -> int:
        """Write the likeliest texts, and return how many there were; where `least` is given, no more are to come."""
        turn = Round(0, 1, 0.0, request.sampling.seed, looks_around=True)
        frontier = Frontier(request.max_tokens, request.stop, request.least)
        frontier.grow(NOWHERE, self._greedy(server, completion, request, prompt, turn))
        index = int(request.first_greedy)
        while index < request.candidates and not completion.stopped:
            if (beginning := frontier.likeliest()) is None:
                break
            self._run(server, completion, request, prompt, replace(turn, first=index, beginning=beginning))
            frontier.grow(beginning, completion.tokens)
            index += 1
        if request.least:
            completion.end_at(index)
        return index

    def _greedy(
        self, server: Any, completion: Completion, request: GenerationRequest, prompt: str, turn: Round
    ) -> list[Token]:
        """The tokens of the greedy text, which is the first candidate or none."""
        if request.first_greedy:
            self._run(server, completion, request, prompt, turn)
            return completion.tokens
        alone = replace(request, candidates=1)
        ahead = Completion(alone, _unheard, self._context, completion.cancelled)
        self._run(server, ahead, alone, prompt, turn)
        ahead.finish()
        return ahead.tokens

    def _run(
        self, server: Any, completion: Completion, request: GenerationRequest, prompt: str, turn: Round
    ) -> None:
        call = Call(use_of(request.adapter), prompt, turn.count, lambda: completion.stopped)
        with self._slots.taken(call) as slot:
            if slot is None or completion.stopped:
                return
            # Without adapters the server chooses better: it brings prompts back that have lost their slot.
            chosen = slot if self._adapters else ANY_SLOT
            fields = body(request, prompt, turn, self._adapters, chosen)
            server.handle_completions(fields, completion.listener(turn))

    def _prompt(self, request: GenerationRequest) -> str:
        if request.prompt is not None:
            return request.prompt
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        return str(self._ask("/apply-template", {"messages": messages})["prompt"])

    def cancel(self, request_id: str) -> None:
        if completion := self._running.get(request_id):
            completion.cancelled.set()
            self._slots.look_again()

    def count_tokens(self, text: str) -> int:
        tokens = self._ask("/tokenize", {"content": text})["tokens"]
        return len(tokens) if isinstance(tokens, list) else 0

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text, as the model pools it; of a text that is too long, its beginning counts."""
        self._loaded()
        if not self._pools:
            raise Refused(
                "this model generates text and makes no vectors",
                about=self._model,
                remedy="Add a GGUF embedding model: battui model add PATH.",
            )
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        fields = {"content": text, "add_special": True}
        tokens = self._ask("/tokenize", fields)["tokens"]
        assert isinstance(tokens, list)
        if len(tokens) > self._context:
            # The last one says that the text ends.
            tokens = [*tokens[: self._context - 1], tokens[-1]]
        data = self._ask("/v1/embeddings", {"input": tokens})["data"]
        assert isinstance(data, list)
        return [float(number) for number in data[0]["embedding"]]

    def unload(self) -> None:
        for completion in list(self._running.values()):
            completion.cancelled.set()
        self._slots.look_again()
        self._server = None
        self._adapters = ()
        if self._socket is not None:
            self._socket.remove()
            self._socket = None

    def _loaded(self) -> Any:
        if self._server is None:
            raise ModelUnavailable("no model is loaded", about="llama.cpp")
        return self._server

    def _ask(self, route: str, fields: object) -> dict[str, object]:
        self._loaded()
        assert self._socket is not None
        return self._socket.post(route, fields)


def _unheard(_request: str, _index: int, _text: str) -> None:
    """For a text that is no candidate."""


def _model_path(model: ModelFiles) -> Path:
    paths = [Path(path) for name, path in sorted(model.files.items()) if name.endswith(".gguf")]
    if not paths:
        raise ModelUnavailable(
            "llama.cpp needs a .gguf file", about=model.name, remedy="Fetch a model: battui model pull."
        )
    return paths[0]  # of a model in parts the first; llama.cpp finds the others beside it


def _read_ahead(path: Path, progress: OnProgress) -> None:
    """Read the file once, so that the library's memory map finds it in RAM and the reader sees how far it is."""
    size = path.stat().st_size
    done = 0
    progress(0.0)
    with path.open("rb", buffering=0) as file:
        buffer = bytearray(READ_CHUNK)
        while count := file.readinto(buffer):
            done += count
            progress(READ_SHARE * done / size)


def _not_loaded(path: Path, header: Header) -> ModelUnavailable:
    return ModelUnavailable(
        f"llama.cpp cannot load this model (architecture {header.architecture or 'unknown'})",
        about=str(path),
        remedy="The engine's log says why; another model may do: battui model pull.",
    )
