"""What engines are asked and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Capability = Literal["stream", "batch", "grammar", "schema", "adapters", "embed", "chat-template", "branches"]
FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """Which expert a request wants, and how strongly."""

    name: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. Temperature 0 is greedy; the candidates of one request get seed, seed+1, ..."""

    temperature: float = 0.0
    top_p: float = 0.95
    top_k: int = 40
    seed: int = 0
    repeat_penalty: float = 1.0


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation; the engine applies the model's own template."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """Ask for `candidates` continuations of a raw `prompt`, or of `messages` through the model's template.

    Exactly one of the two is given. With candidates > 1 and `first_greedy`, candidate 0 is greedy and the
    others are sampled. `schema` is a JSON schema, `grammar` a GBNF grammar; at most one of them.
    With `branches` the others are not sampled: they are the model's likeliest texts beside the greedy one, which is
    among the candidates with `first_greedy` only. Those that begin less likely than `least` (a probability) are not
    written at all; with 0 they are sampled where there are too few.
    """

    id: str
    prompt: str | None = None
    messages: tuple[ChatMessage, ...] = ()
    candidates: int = 1
    first_greedy: bool = False
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    schema: Mapping[str, object] | None = None
    grammar: str | None = None
    adapter: AdapterUse | None = None
    branches: bool = False
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Generated:
    """One finished candidate. `tokens` counts what was generated, the prompt apart."""

    index: int
    text: str
    tokens: int
    finish: FinishReason


@dataclass(frozen=True, slots=True)
class GenerationResult:
    """All candidates of a request, in order of index, with what they cost."""

    id: str
    candidates: tuple[Generated, ...]
    prompt_tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    first_token_s: float = 0.0


@dataclass(frozen=True, slots=True)
class EngineDescription:
    """What an engine is and can do; capabilities are declared, not guessed."""

    name: str
    version: str
    model: str = ""
    context: int = 0
    capabilities: frozenset[Capability] = frozenset()
    device: str = "cpu"
    adapters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdapterFiles:
    """Where an adapter's committed files lie: file name to absolute path. `sha256` is that of all of them."""

    name: str
    sha256: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model's committed files lie: file name to absolute path. The engine reads, never writes.

    `adapters` are the experts to be loaded with it, each of which a request may then choose.
    """

    name: str
    sha256: str
    files: Mapping[str, str]
    adapters: tuple[AdapterFiles, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine is to use the machine; zero means: choose well.

    `cache` is a folder for what can be made again, such as adapters in the engine's own form; without one it is made
    again with each start. `url` is the server of an engine that asks one. `kv` is how keys and values are kept, where
    the engine has a choice.
    """

    threads: int = 0
    parallel: int = 4
    context: int = 4096
    seed: int = 0
    cache: str = ""
    url: str = ""
    kv: Literal["fp16", "q8", "q6", "q4"] = "fp16"


EngineState = Literal["absent", "starting", "loading", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """How the engine's process is. `message` says what to do where something is missing."""

    state: EngineState
    message: str = ""
    progress: float = 0.0
    description: EngineDescription | None = None
    pid: int | None = None
    restarts: int = 0


OnToken = Callable[[str, int, str], None]
"""Called with request id, candidate index and the new piece of text; may be called from another thread."""

OnProgress = Callable[[float], None]
"""Called with the fraction loaded, 0 to 1."""


class Engine(Protocol):
    """One text generator inside the host process. Blocking calls; the host runs them in threads.

    Every implementation passes the suite in tests/contract.
    """

    def describe(self) -> EngineDescription: ...

    def load(self, model: ModelFiles, options: EngineOptions, progress: OnProgress) -> None: ...

    def generate(self, request: GenerationRequest, on_token: OnToken) -> GenerationResult: ...

    def cancel(self, request_id: str) -> None: ...

    def count_tokens(self, text: str) -> int: ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]: ...

    def unload(self) -> None: ...
