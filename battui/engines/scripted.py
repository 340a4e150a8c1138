"""An engine that reads its answers from a file: the same words each time, for tests and demonstrations.

The model's file is TOML (or JSON of the same shape):

    [[rules]]
    match = "regular expression, searched in the prompt"
    adapter = "name"                             # only for requests with this adapter, at a scale other than 0
    answers = ["candidate 0", "candidate 1"]     # the list is repeated for further candidates
    delay = 0.05                                 # seconds before each word
    after = 3                                    # words before `crash`, `hang` or `exhaust` happens
    crash = true                                 # the process aborts
    hang = true                                  # the process stops, as if it were stuck
    exhaust = true                               # the process has no memory left
    once = "path"                                # fail so only while this file does not exist; then create it

    [meanings]
    cub = "lion"                                 # for vectors: this word counts as that one

The first rule that matches counts; without one the answer is empty. A token is a word with the space before it.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import threading
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from zlib import crc32

from battui.contracts.errors import ModelUnavailable, Refused
from battui.contracts.generation import (
    Capability,
    EngineDescription,
    EngineOptions,
    FinishReason,
    GenerationRequest,
    GenerationResult,
    ModelFiles,
    OnProgress,
    OnToken,
)
from battui.engines.admission import admit, too_long
from battui.engines.gathering import Gathering
from battui.engines.peft import read_adapter
from battui.engines.stopping import StopWatch

GENERATES: frozenset[Capability] = frozenset({"stream", "batch", "adapters", "chat-template"})
WIDTH = 256
WORD = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True, slots=True)
class Rule:
    """What to answer to a prompt in which `match` is found."""

    match: str = ""
    answers: tuple[str, ...] = ("",)
    delay: float = 0.0
    after: int = 0
    crash: bool = False
    hang: bool = False
    exhaust: bool = False
    once: str = ""
    adapter: str = ""

    def answers_to(self, prompt: str, adapter: str) -> bool:
        """Whether this rule is for such a request."""
        return self.adapter in ("", adapter) and re.search(self.match, prompt) is not None

    def fault(self) -> None:
        """Fail as the rule says, if it does."""
        if not (self.crash or self.hang or self.exhaust) or (self.once and Path(self.once).exists()):
            return
        if self.once:
            Path(self.once).touch()
        if self.crash:
            os.abort()
        if self.exhaust:
            exhaust()
        # To this thread: the process would stop when some other thread takes it, and this one goes on till then.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


class ScriptedEngine:
    """Deterministic: sampling and seeds choose nothing, candidate n gets answer n."""

    def __init__(self) -> None:
        self._rules: tuple[Rule, ...] | None = None
        self._meanings: Mapping[str, str] = {}
        self._model = ""
        self._context = 0
        self._adapters: tuple[str, ...] = ()
        self._cancels: dict[str, threading.Event] = {}

    def describe(self) -> EngineDescription:
        return EngineDescription(
            name="scripted",
            version="1",
            model=self._model,
            context=self._context,
            capabilities=GENERATES | (frozenset({"embed"}) if self._meanings else frozenset()),
            adapters=self._adapters,
        )

    def load(self, model: ModelFiles, options: EngineOptions, progress: OnProgress) -> None:
        progress(0.0)
        self._adapters = tuple(adapter.name for adapter in model.adapters if read_adapter(adapter))
        self._rules, self._meanings = read_script(model)
        self._model, self._context = model.name, options.context
        progress(1.0)

    def generate(self, request: GenerationRequest, on_token: OnToken) -> GenerationResult:
        prompt = self._prompt(request)
        gathering = Gathering(request, on_token)
        gathering.prompt_tokens = self.count_tokens(prompt)
        adapter = request.adapter.name if request.adapter and request.adapter.scale else ""
        rule = next((rule for rule in self._rules or () if rule.answers_to(prompt, adapter)), Rule())
        cancelled = self._cancels.setdefault(request.id, threading.Event())
        try:
            for index in range(request.candidates):
                _say(rule, index, gathering, cancelled)
        finally:
            self._cancels.pop(request.id, None)
        return gathering.result()

    def _prompt(self, request: GenerationRequest) -> str:
        admit(request, self.describe())
        if self._rules is None:
            raise ModelUnavailable("no script is loaded", about="scripted")
        prompt = request.prompt
        if prompt is None:
            prompt = "\n".join(f"{message.role}: {message.content}" for message in request.messages)
        if (tokens := self.count_tokens(prompt)) >= self._context:
            raise too_long(tokens, self._context)
        return prompt

    def cancel(self, request_id: str) -> None:
        if event := self._cancels.get(request_id):
            event.set()

    def count_tokens(self, text: str) -> int:
        return len(WORD.findall(text))

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of word counts; the script's `meanings` say which words count as others."""
        if not self._meanings:
            raise Refused(f"this script has no meanings, asked for the vectors of {len(texts)} texts")
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * WIDTH
        for word in re.findall(r"\w+", text.lower()):
            vector[crc32(self._meanings.get(word, word).encode()) % WIDTH] += 1.0
        return vector

    def unload(self) -> None:
        self._rules = None
        self._adapters = ()


def _say(rule: Rule, index: int, gathering: Gathering, cancelled: threading.Event) -> None:
    """Say one answer word by word."""
    request = gathering.request
    words = WORD.findall(rule.answers[index % len(rule.answers)] if rule.answers else "")
    watch = StopWatch(request.stop)
    finish: FinishReason = "stop"
    tokens = 0
    for word in words:
        if tokens == rule.after:
            rule.fault()
        if tokens == request.max_tokens:
            finish = "length"
            break
        if cancelled.wait(rule.delay):
            finish = "cancelled"
            break
        tokens += 1
        gathering.hear(index, watch.feed(word))
        if watch.stopped:
            break
    gathering.hear(index, watch.rest())
    gathering.end(index, finish)
    gathering.count(index, tokens)


def exhaust() -> None:
    """Have no memory left; raises MemoryError."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken, taken))
    bytearray(1 << 30)


def read_script(model: ModelFiles) -> tuple[tuple[Rule, ...], dict[str, str]]:
    """The rules and meanings of a script. Raises ModelUnavailable where there is none or it cannot be read."""
    path = next((Path(path) for name, path in model.files.items() if name.endswith((".toml", ".json"))), None)
    if path is None:
        raise ModelUnavailable("a script is a .toml or .json file", about=model.name)
    try:
        text = path.read_text("utf-8")
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        meanings = {str(word): str(other) for word, other in data.get("meanings", {}).items()}
        return tuple(_rule(entry) for entry in data.get("rules", ())), meanings
    except (OSError, ValueError, TypeError, AttributeError, re.error) as error:
        raise ModelUnavailable(f"the script cannot be read: {error}", about=str(path)) from error


def _rule(entry: Mapping[str, object]) -> Rule:
    known = {field.name for field in fields(Rule)}
    if unknown := set(entry) - known:
        raise ValueError(f"unknown words in a rule: {', '.join(sorted(unknown))}")
    values = {**entry, "answers": tuple(entry.get("answers", ()))}  # type: ignore[arg-type]
    rule = Rule(**values)  # type: ignore[arg-type]
    re.compile(rule.match)
    return rule
