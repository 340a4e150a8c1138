"""The base model in battui's own engine, with and without the expert: what it says, and how quickly."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from battui.contracts.generation import (
    AdapterFiles,
    AdapterUse,
    ChatMessage,
    EngineOptions,
    GenerationRequest,
    ModelFiles,
)
from battui.engines.llama_cpp import LlamaCppEngine
from battui.engines.peft import files_of

EXPERT = "expert"
CONTEXT = 1024
QUESTIONS = Path(__file__).with_name("questions.toml")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and words of which a right answer has one."""

    text: str
    right: tuple[str, ...]

    def answered(self, answer: str) -> bool:
        """Whether the answer is right."""
        return any(word.lower() in answer.lower() for word in self.right)


class Speaker:
    """Greedy texts of a loaded engine."""

    def __init__(self, engine: LlamaCppEngine) -> None:
        self.engine = engine

    def goes_on(self, prompt: str, *, expert: bool, longest: int = 160) -> str:
        """What follows on a prompt."""
        return self._generated(expert, longest, prompt=prompt)[0]

    def answer(self, question: str, *, expert: bool, longest: int = 32) -> str:
        """The answer to a question, asked in the model's own chat form."""
        return self._generated(expert, longest, messages=(ChatMessage("user", question),))[0]

    def speed(self, prompts: Sequence[str], *, expert: bool) -> float:
        """Tokens generated in a second, the reading of the prompt apart."""
        tokens = seconds = 0.0
        for prompt in prompts:
            _, count, elapsed = self._generated(expert, 160, prompt=prompt)
            tokens, seconds = tokens + count, seconds + elapsed
        return tokens / seconds if seconds else 0.0

    def _generated(self, expert: bool, longest: int, **asked: Any) -> tuple[str, int, float]:
        use = AdapterUse(EXPERT) if expert else None
        request = GenerationRequest("said", max_tokens=longest, adapter=use, **asked)
        result = self.engine.generate(request, lambda *_: None)
        said = result.candidates[0]
        return said.text, said.tokens - 1, result.seconds - result.first_token_s


@contextmanager
def speaking(base: Path, adapter: Path | None, *, parallel: int = 1) -> Iterator[Speaker]:
    """The base model in llama.cpp, with the adapter of a folder beside it, or without any.

    `parallel` texts can be generated at a time.
    """
    adapters: tuple[AdapterFiles, ...] = ()
    if adapter is not None:
        files = {name: str(path) for name, path in files_of(adapter).items()}
        adapters = (AdapterFiles(EXPERT, "", files),)
    engine = LlamaCppEngine()
    model = ModelFiles(base.stem, "", {base.name: str(base)}, adapters)
    engine.load(model, EngineOptions(parallel=parallel, context=CONTEXT), lambda _: None)
    try:
        yield Speaker(engine)
    finally:
        engine.unload()


def questions() -> list[Question]:
    """The small fixed set."""
    with QUESTIONS.open("rb") as file:
        told = tomllib.load(file)["question"]
    return [Question(each["text"], tuple(each["right"])) for each in told]


def words_kept(base: Path, adapter: Path, most: int | None = None) -> dict[str, int]:
    """What becomes of answers in words.

    `right_alone` without the adapter in the engine, `right_beside` with it loaded but not asked for, `right_through`
    with it in use; `same` counts answers that are the same, letter by letter, alone and beside.
    """
    asked = questions()[:most]
    with speaking(base, None) as speaker:
        alone = [speaker.answer(each.text, expert=False) for each in asked]
    with speaking(base, adapter) as speaker:
        through = [speaker.answer(each.text, expert=True) for each in asked]
        beside = [speaker.answer(each.text, expert=False) for each in asked]
    return {
        "questions": len(asked),
        "same": sum(one == other for one, other in zip(alone, beside, strict=True)),
        "right_alone": _right(asked, alone),
        "right_beside": _right(asked, beside),
        "right_through": _right(asked, through),
    }


def _right(asked: Sequence[Question], answers: Sequence[str]) -> int:
    return sum(each.answered(answer) for each, answer in zip(asked, answers, strict=True))
