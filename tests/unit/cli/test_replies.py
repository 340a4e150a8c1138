"""How replies look: as text for a person, as JSON for a program."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from battui.cli.reply_json import error_as_json, reply_as_json
from battui.cli.reply_text import reply_as_text
from battui.contracts.errors import GuardianRefused
from battui.contracts.generation import EngineDescription, EngineStatus
from battui.contracts.replies import (
    Answer,
    CandidateView,
    HistoryEntry,
    HistoryList,
    KernelStatus,
    MethodView,
    MissionList,
    MissionView,
    ObjectList,
    ObjectSummary,
    ObjectView,
    Reply,
    SlotView,
)
from battui.contracts.values import Ref, Value

METHOD = MethodView("double_", ("times",), "def double_(self, times):\n    return 2\n", mission="m3")
MISSION = MissionView(
    id="m3",
    kind="unhandled_message",
    state="COMPLETE",
    title="account.double_(times=1)",
    target="account",
    started_at=1.0,
    plan={"strategy": "think"},
    facets={"SAGE": "be wise"},
    candidates=(
        CandidateView(0, "def double_(self): pass", "ran", accepted=True, chosen=True),
        CandidateView(1, "def double_(self", "does not parse", accepted=False),
    ),
    answer="2",
    trail=(("IDLE", 1.0), ("COMPLETE", 2.0)),
)
PROPOSING = replace(
    MISSION,
    state="SYNTHESIZING",
    waiting="your approval",
    proposal="def double_(self):\n    return 4\n",
    replaces="def double_(self):\n    return 2\n",
    proof=("rules: covenant, allow (ruleset 3)", "passed: the message that was sent: 4"),
)
GENERATION: dict[str, Value] = {
    "id": "m3.0a",
    "purpose": "candidates",
    "model": "small",
    "model_sha256": "ab" * 32,
    "adapter": "jit",
    "adapter_sha256": "cd" * 32,
    "candidates": 4,
    "sampling": {"temperature": 0.8, "seed": 1},
    "tokens": 60,
    "prompt_tokens": 40,
    "seconds": 1.25,
    "prompt": "ef" * 32,
}
FAILING = replace(
    MISSION,
    state="FAILED",
    answer="",
    failure="none of the 2 candidates passed",
    draft="def double_(self): pass",
    intent="double it",
    expectation="result == 4",
    tokens=60,
    seconds=2.5,
    budget={"tokens": 100, "seconds": 30.0},
    provenance={"generations": [GENERATION], "prompts": {"ef" * 32: "p"}, "examples": ["half: halve it"]},
)
STATUS = KernelStatus("here", 3, 1, 0, EngineStatus("absent", "Pull one."), ("seccomp",), ("Landlock",))

TEXTS: list[tuple[Reply, list[str]]] = [
    (Answer(150, "150"), ["150"]),
    (Answer("Ada", "'Ada'"), ["'Ada'"]),
    (Answer(None, ""), [""]),
    (Answer([1], ""), ["[1]"]),
    (ObjectView(31, "account", (SlotView("balance", "data", "100", 100),)), ["account @1f", "balance = 100"]),
    (
        ObjectView(31, "account", (SlotView("double_", "method", "", method=METHOD),)),
        ["double_(times)", "m3", "    def double_(self, times):", "        return 2"],
    ),
    (
        ObjectView(31, "a", (SlotView("far", "data", "1", holder="base"), SlotView("near", "data", "2"))),
        ["@1f\n  near = 2\nfrom base:\n  far = 1"],
    ),
    (ObjectList((ObjectSummary(1, "traits_obj", 2, 0, system=True),)), ["@1", "traits_obj", "image's own"]),
    (ObjectList(), [""]),
    (MissionList((MISSION,)), ["m3", "COMPLETE", "account.double_(times=1)"]),
    (
        MISSION,
        [
            "plan: strategy: think",
            "facet SAGE:",
            "candidate 1: accepted, chosen: ran",
            "candidate 2: refused",
        ],
    ),
    (
        PROPOSING,
        [
            "waiting for: your approval",
            "proposal:\n    def double_(self):\n        return 4\n",
            "\n    -    return 2\n    +    return 4\n",
            "battui missions approve m3",
            "battui missions reject m3 --reason TEXT",
            "battui missions edit m3",
            "certificate:\n    rules: covenant, allow (ruleset 3)\n    passed: the message that was sent: 4\n",
        ],
    ),
    (
        FAILING,
        [
            "intent: double it",
            "expectation: result == 4",
            "used: 60 of 100 tokens, 2.5 of 30 s of thinking",
            "model: small (abababababab)",
            "asked candidates m3.0a: adapter jit (cdcdcdcdcdcd); 4 candidates; temperature 0.8, seed 1; "
            "60 tokens from 40 in 1.2 s",
            "examples from the image: half: halve it",
            "prompts kept: 1",
            "battui missions edit m3",
        ],
    ),
    (
        HistoryList((HistoryEntry("a1", 1.0, "genesis", undoable=False),)),
        ["a1", "genesis", "cannot be undone"],
    ),
    (STATUS, ["absent Pull one.", "seccomp", "Landlock", "1 open"]),
]


@pytest.mark.parametrize(("reply", "pieces"), TEXTS)
def test_a_reply_as_text_says_what_matters(reply: Reply, pieces: list[str]) -> None:
    text = reply_as_text(reply)

    assert all(piece in text for piece in pieces), text
    assert not text.endswith("\n")


def test_text_from_a_model_cannot_steer_the_terminal() -> None:
    assert reply_as_text(Answer("", "a\x1b[2Jb\x9bc\rd\te\nf")) == "a\\x1b[2Jb\\x9bc\\x0dd\te\nf"


KINDS: list[tuple[Reply, str]] = [
    (Answer(1, "1"), "answer"),
    (ObjectView(1, "a"), "object"),
    (ObjectList(), "objects"),
    (MISSION, "mission"),
    (MissionList((MISSION,)), "missions"),
    (HistoryList(), "history"),
    (STATUS, "status"),
]


PLANS: list[tuple[dict[str, Value], tuple[str, ...]]] = [
    (
        {"strategy": "straight to it", "pillars": [], "look_up": [], "way": "straight", "reason": "to it"},
        ("strategy: straight to it",),
    ),
    (
        {
            "strategy": "think",
            "pillars": ["SAGE", "OAK"],
            "sub_questions": {"SAGE": "why?"},
            "reason": "none",
        },
        ("strategy: think", "pillars: SAGE, OAK", "sub questions: SAGE: why?", "reason: none"),
    ),
    ({}, ()),
]


@pytest.mark.parametrize(("plan", "lines"), PLANS)
def test_a_plan_is_told_without_what_is_empty_or_said_twice(
    plan: dict[str, Value], lines: tuple[str, ...]
) -> None:
    assert replace(MISSION, plan=plan).plan_lines == lines


@pytest.mark.parametrize(("reply", "kind"), KINDS)
def test_every_reply_is_one_line_of_json_with_its_kind(reply: Reply, kind: str) -> None:
    line = reply_as_json(reply, line=4)

    assert "\n" not in line
    assert json.loads(line)["reply"] == kind
    assert json.loads(line)["line"] == 4


def test_references_and_sets_have_a_form_in_json() -> None:
    answer = json.loads(reply_as_json(Answer({"who": [Ref(31)]}, "")))
    description = EngineDescription("x", "1", capabilities=frozenset({"stream", "batch"}))
    status = json.loads(
        reply_as_json(KernelStatus("i", 0, 0, 0, EngineStatus("ready", description=description)))
    )

    assert answer["value"] == {"who": [{"$ref": "@1f"}]}
    assert "line" not in answer
    assert status["engine"]["description"]["capabilities"] == ["batch", "stream"]


def test_an_error_as_json_has_the_code_that_the_process_ends_with() -> None:
    error = json.loads(error_as_json(GuardianRefused("it imports os", about="account", remedy="Do not.")))

    assert error == {
        "reply": "error",
        "error": "GuardianRefused",
        "exit_code": 5,
        "what": "it imports os",
        "about": "account",
        "remedy": "Do not.",
    }
