"""What cases of the states are made of: mandates, settings, texts, candidates and their fates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from battui.contracts.generation import Generated as Text
from battui.contracts.generation import GenerationResult
from battui.contracts.settings import MissionSettings
from battui.contracts.values import Value
from battui.guardian import tree_hash
from battui.mind.briefs import WorkedExample
from battui.mind.choice import Candidate
from battui.mind.cycle import Mandate, MissionKind
from battui.mind.steps import (
    Outcome,
    Recalled,
)

MANDATES: dict[MissionKind, Mandate] = {
    "unhandled_message": Mandate("unhandled_message", "deposit_", ("amount",), "add amount to balance"),
    "question": Mandate("question", question="Is it overdrawn?"),
    "self_audit": Mandate("self_audit", "perform_efficiency_audit_"),
}
EXPECTING = replace(MANDATES["unhandled_message"], expectation="self.balance == 150")
SETTINGS = MissionSettings(candidates=4, attempts=2)
SOURCE = "def deposit_(self, amount):\n    self.balance += amount\n    self._p_changed = True\n"
DRAFT = 'def deposit_(self, amount):\n    """Add amount to balance."""\n    return amount'
LOOKING_UP = {"strategy": "straight to looking it up", "pillars": [], "look_up": [], "way": "straight"}
PLAN = {"strategy": "add", "pillars": ["SAGE"], "sub_questions": {"SAGE": "How?"}, "look_up": []}


@dataclass(frozen=True)
class Case:
    """A cycle and what came of its effects; the step that is expected, in words."""

    state: str
    expected: str
    outcomes: tuple[Outcome, ...] = ()
    mandate: Mandate = MANDATES["unhandled_message"]
    slots: Mapping[str, Any] = field(default_factory=dict)
    remembered: Mapping[str, Any] = field(default_factory=dict)
    settings: MissionSettings = SETTINGS
    answered: int = 0


def result(*texts: str, request: str = "m1.x") -> GenerationResult:
    return GenerationResult(request, tuple(Text(index, text, 7, "stop") for index, text in enumerate(texts)))


def candidate(index: int, **changes: Any) -> Candidate:
    """One that came through everything, but for `changes`."""
    usual = {"source": SOURCE, "tree_hash": tree_hash(SOURCE), "accepted": True, "ran": True, "outcome": "1"}
    return Candidate(index, **{**usual, "verdict": f"verdict {index}", **changes})


def bad(index: int) -> Candidate:
    return candidate(index, ran=False, outcome="", tree_hash=f"bad {index}")


def fate(index: int, *, chosen: bool = False, survived: bool = False, attempt: int = 0) -> dict[str, Any]:
    return {
        "index": index,
        "source": SOURCE,
        "verdict": f"verdict {index}",
        "accepted": True,
        "ran": survived,
        "met": None,
        "attempt": attempt,
        "chosen": chosen,
        "survived": survived,
    }


QUESTION, AUDIT = MANDATES["question"], MANDATES["self_audit"]
GREEDY = replace(SETTINGS, candidates=1)
ASKING = replace(SETTINGS, approval="ask")
RECORD: dict[str, Value] = {
    "methods": {"deposit_": {"sends": 3, "failures": 1, "seconds": 0.5}},
    "missions": {"FAILED": 2},
}

LEARNED = WorkedExample(
    "withdraw_",
    ("amount",),
    {"balance": 9},
    "take amount away from balance",
    "def withdraw_(self, amount):\n    self.balance -= amount\n    self._p_changed = True",
    {"amount": 2},
)
RECALLED = (Recalled((LEARNED,)),)
