"""The state machine as tables: a cycle in a real image and what came of its effects -> the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from battui.contracts.generation import Generated as Text
from battui.contracts.generation import GenerationRequest, GenerationResult
from battui.contracts.settings import MissionSettings
from battui.guardian import tree_hash, verify
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.choice import Candidate
from battui.mind.cycle import Mandate, MissionKind, enter, park, start_cycle
from battui.mind.personas import shipped_personas
from battui.mind.states import MindContext, state_functions
from battui.mind.states.subject import title_of, wanted_of
from battui.mind.steps import (
    AnswerSender,
    AwaitApproval,
    Effect,
    Generate,
    Generated,
    Outcome,
    ReadRecord,
    RecordRead,
    Step,
    Tried,
    TryCandidates,
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
        "attempt": attempt,
        "chosen": chosen,
        "survived": survived,
    }


QUESTION, AUDIT = MANDATES["question"], MANDATES["self_audit"]
GREEDY = replace(SETTINGS, candidates=1)
ASKING = replace(SETTINGS, approval="ask")
RECORD = {"methods": {"deposit_": {"sends": 3, "failures": 1, "seconds": 0.5}}, "missions": {"FAILED": 2}}

CASES: dict[str, Case] = {
    "idle begins": Case("IDLE", "-> DECOMPOSING"),
    "decomposing asks for a plan": Case("DECOMPOSING", "generate plan: m1.plan x1"),
    "decomposing keeps the plan": Case(
        "DECOMPOSING",
        "-> DELEGATING",
        (
            Generated(
                "plan",
                (result('{"strategy": "add", "pillars": ["SAGE"], "sub_questions": {"SAGE": "How?"}}'),),
            ),
        ),
        remembered={"plan": PLAN, "tokens": 7},
    ),
    "decomposing survives nonsense": Case(
        "DECOMPOSING", "-> DELEGATING", (Generated("plan", (result("I would rather not."),)),)
    ),
    "decomposing counts tokens on": Case(
        "DECOMPOSING",
        "-> DELEGATING",
        (Generated("plan", (result("{}"),)),),
        slots={"tokens": 100},
        remembered={"tokens": 107},
    ),
    "delegating asks whom the plan names": Case(
        "DELEGATING",
        "generate facet: m1.facet.SAGE x1, m1.facet.SIMPLE_HEART x1",
        slots={"plan": {**PLAN, "pillars": ["SAGE", "SIMPLE_HEART"]}},
    ),
    "delegating asks nobody": Case("DELEGATING", "-> SYNTHESIZING", slots={"plan": {**PLAN, "pillars": []}}),
    "delegating asks nobody unknown": Case(
        "DELEGATING", "-> SYNTHESIZING", slots={"plan": {**PLAN, "pillars": ["NOBODY"]}}
    ),
    "delegating keeps what was said": Case(
        "DELEGATING",
        "-> SYNTHESIZING",
        (
            Generated(
                "facet",
                (
                    result(" It\ngrows. ", request="m1.facet.SAGE"),
                    result("Add it.", request="m1.facet.SIMPLE_HEART"),
                ),
            ),
        ),
        slots={"plan": PLAN, "tokens": 1},
        remembered={"facets": {"SAGE": "It grows.", "SIMPLE_HEART": "Add it."}, "tokens": 15},
    ),
    "writing asks for all candidates": Case("SYNTHESIZING", "generate candidates: m1.0a x4"),
    "writing asks for the greedy one first": Case(
        "SYNTHESIZING", "generate candidates: m1.0a x1", mandate=EXPECTING
    ),
    "writing asks for the others then": Case(
        "SYNTHESIZING", "generate candidates: m1.0a x3", mandate=EXPECTING, slots={"fates": [fate(0)]}
    ),
    "writing asks again with advice": Case(
        "SYNTHESIZING",
        "generate candidates: m1.1a x3, m1.1b x1",
        slots={"attempt": 1, "fates": [fate(0)], "feedback": ["it raised"]},
    ),
    "writing has its drafts tried": Case(
        "SYNTHESIZING",
        "try 2 from 0",
        (Generated("candidates", (result("    return amount", "    return amount"),)),),
        remembered={"drafts": [DRAFT, DRAFT], "tokens": 14},
    ),
    "writing counts candidates on": Case(
        "SYNTHESIZING",
        "try 1 from 3 => self.balance == 150",
        (Generated("candidates", (result("    return amount"),)),),
        mandate=EXPECTING,
        slots={"fates": [fate(0), fate(1), fate(2)]},
    ),
    "writing resumes with its drafts": Case(
        "SYNTHESIZING", "try 2 from 0", slots={"drafts": [SOURCE, SOURCE]}
    ),
    "writing installs the survivor": Case(
        "SYNTHESIZING",
        "install deposit_(amount)",
        (Tried((bad(0), candidate(1))),),
        slots={"drafts": [SOURCE]},
        remembered={"fates": [fate(0), fate(1, chosen=True, survived=True)]},
    ),
    "writing asks a person first": Case(
        "SYNTHESIZING", "await approval", (Tried((candidate(0),)),), settings=ASKING
    ),
    "writing tells why and tries again": Case(
        "SYNTHESIZING",
        "go on",
        (Tried((bad(0), bad(1))),),
        remembered={
            "attempt": 1,
            "drafts": [],
            "feedback": ["verdict 0", "verdict 1"],
            "fates": [fate(0), fate(1)],
        },
    ),
    "the greedy one alone is no attempt": Case(
        "SYNTHESIZING",
        "go on",
        (Tried((bad(0),)),),
        mandate=EXPECTING,
        remembered={"drafts": [], "feedback": ["verdict 0"], "fates": [fate(0)]},
    ),
    "the greedy one is an attempt where it is all": Case(
        "SYNTHESIZING",
        "go on",
        (Tried((bad(0),)),),
        mandate=EXPECTING,
        settings=GREEDY,
        remembered={"attempt": 1},
    ),
    "writing fails after the last attempt": Case(
        "SYNTHESIZING",
        "-> FAILED",
        (Tried((bad(4), bad(5))),),
        slots={"attempt": 1, "fates": [fate(0)]},
        remembered={
            "failure": "none of the 2 candidates passed; the first: verdict 4",
            "fates": [fate(0), fate(4, attempt=1), fate(5, attempt=1)],
        },
    ),
    "writing fails where nothing was written": Case(
        "SYNTHESIZING",
        "-> FAILED",
        (Tried(()),),
        slots={"attempt": 1},
        remembered={"failure": "the model wrote no method"},
    ),
    "writing is done once it is installed": Case(
        "SYNTHESIZING", "-> COMPLETE", slots={"installed": "a method"}
    ),
    "answering asks": Case("SYNTHESIZING", "generate answer: m1.answer x1", mandate=QUESTION),
    "answering keeps the words": Case(
        "SYNTHESIZING",
        "-> COMPLETE",
        (Generated("answer", (result(" It is not.\n"),)),),
        mandate=QUESTION,
        remembered={"reply": "It is not.", "tokens": 7},
    ),
    "answering fails where nothing is said": Case(
        "SYNTHESIZING",
        "-> FAILED",
        (Generated("answer", (result(" \n"),)),),
        mandate=QUESTION,
        remembered={"failure": "the model had nothing to say"},
    ),
    "auditing reads the record": Case("SYNTHESIZING", "read record", mandate=AUDIT),
    "auditing asks about the record": Case(
        "SYNTHESIZING",
        "generate answer: m1.answer x1",
        (RecordRead(RECORD),),
        mandate=AUDIT,
        remembered={"record": RECORD},
    ),
    "auditing reports": Case(
        "SYNTHESIZING",
        "report 'deposit_ fails.'; -> COMPLETE",
        (Generated("answer", (result("deposit_ fails."),)),),
        mandate=AUDIT,
        remembered={"reply": "deposit_ fails."},
    ),
    "complete answers the first who waits": Case("COMPLETE", "answer 0"),
    "complete answers the next": Case("COMPLETE", "answer 1", answered=1),
    "complete ends when all are answered": Case("COMPLETE", "end", answered=2),
    "failed tells all who wait": Case("FAILED", "end", slots={"failure": "no method"}, answered=1),
}


def started(world: World, target: UvmObject, case: Case) -> UvmObject:
    """The case's cycle, with two parked messages of which the first ones are answered."""
    cycle = start_cycle(world, target, case.mandate, 0.0)
    for amount in (50, 7):
        park(cycle, {"amount": amount}, "")
    cycle.parked = [
        {**message, "answered": number < case.answered} for number, message in enumerate(cycle.parked)
    ]
    enter(world, cycle, case.state, 1.0)
    for name, value in case.slots.items():
        setattr(cycle, name, value)
    return cycle


def ask(cycle: UvmObject, case: Case) -> Step:
    function = state_functions()[f"psm.{case.state.lower()}"]
    return function(cycle, case.outcomes, MindContext(shipped_personas(), case.settings))


def in_words(step: Step) -> str:
    words = [effect_in_words(effect) for effect in step.effects]
    if step.install is not None:
        words.append(f"install {step.install.selector}({', '.join(step.install.parameters)})")
    if step.report:
        words.append(f"report {step.report!r}")
    if step.next_state:
        words.append(f"-> {step.next_state}")
    if step.ended:
        words.append("end")
    return "; ".join(words) or "go on"


def effect_in_words(effect: Effect) -> str:
    match effect:
        case Generate(purpose=purpose, requests=requests):
            asked = ", ".join(f"{request.id} x{request.candidates}" for request in requests)
            return f"generate {purpose}: {asked}"
        case TryCandidates(sources=sources, expectation=expectation, first=first):
            return f"try {len(sources)} from {first}" + (f" => {expectation}" if expectation else "")
        case ReadRecord():
            return "read record"
        case AnswerSender(number=number):
            return f"answer {number}"
        case AwaitApproval():
            return "await approval"


@pytest.mark.parametrize("name", CASES)
def test_each_state_knows_its_next_step(world: World, account: UvmObject, name: str) -> None:
    case = CASES[name]
    step = ask(started(world, account, case), case)
    assert in_words(step) == case.expected
    for slot, value in case.remembered.items():
        assert step.remember[slot] == value, slot


@pytest.mark.parametrize("name", CASES)
def test_a_state_only_looks(world: World, account: UvmObject, name: str) -> None:
    """What is to change stands in the step, so that asking twice is the same as asking once."""
    case = CASES[name]
    cycle = started(world, account, case)
    before = dict(cycle._slots)
    assert ask(cycle, case) == ask(cycle, case)
    assert dict(cycle._slots) == before


@pytest.mark.parametrize("name", CASES)
def test_what_a_step_remembers_can_be_committed_and_read_again(
    world: World, account: UvmObject, name: str
) -> None:
    case = CASES[name]
    cycle = started(world, account, case)
    remembered = ask(cycle, case).remember
    for slot, value in remembered.items():
        setattr(cycle, slot, value)
    world.savepoint()
    cycle._p_deactivate()
    assert {slot: cycle._slots[slot] for slot in remembered} == dict(remembered)


def requests_of(step: Step) -> tuple[GenerationRequest, ...]:
    (effect,) = step.effects
    assert isinstance(effect, Generate)
    return effect.requests


def told(request: GenerationRequest) -> str:
    """All that a request shows a model."""
    return "\n".join([request.prompt or "", *(message.content for message in request.messages)])


TOLD = {
    "decomposing asks for a plan": ("account.deposit_(amount=50)", "add amount to balance", "balance = 100"),
    "delegating asks whom the plan names": ("How?", "account.deposit_(amount=50)"),
    "writing asks for all candidates": (
        "def deposit_(self, amount):",
        "add amount to balance",
        "balance = 100",
    ),
    "answering asks": ("Is it overdrawn?", "balance = 100"),
    "auditing asks about the record": ("deposit_: sends = 3, failures = 1", "missions: FAILED = 2"),
}


@pytest.mark.parametrize("name", TOLD)
def test_the_model_is_told_what_it_has_to_know(world: World, account: UvmObject, name: str) -> None:
    request = requests_of(ask(started(world, account, CASES[name]), CASES[name]))[0]
    for words in TOLD[name]:
        assert words in told(request)


def test_advice_and_feedback_reach_the_next_attempt(world: World, account: UvmObject) -> None:
    case = CASES["writing asks again with advice"]
    cycle = started(world, account, case)
    cycle.facets = {"SAGE": "It grows."}
    plain, noted = requests_of(ask(cycle, case))
    assert "it raised" in told(noted)
    assert "It grows." in told(noted)
    assert "it raised" not in told(plain)
    assert plain.sampling.seed != noted.sampling.seed


def test_a_retry_does_not_ask_the_same_again(world: World, account: UvmObject) -> None:
    first = CASES["writing asks for all candidates"]
    cycle = started(world, account, first)
    (before,) = requests_of(ask(cycle, first))
    cycle.attempt = 1
    (after,) = requests_of(ask(cycle, first))
    assert (before.first_greedy, after.first_greedy) == (True, False)
    assert before.sampling.seed != after.sampling.seed


def test_the_others_are_sampled_after_the_greedy_one_failed(world: World, account: UvmObject) -> None:
    case = CASES["writing asks for the others then"]
    assert not any(request.first_greedy for request in requests_of(ask(started(world, account, case), case)))


def test_what_is_installed_carries_a_proof_that_holds(world: World, account: UvmObject) -> None:
    case = CASES["writing installs the survivor"]
    cycle = started(world, account, case)
    cycle.plan, cycle.facets = PLAN, {"SAGE": "It grows."}
    install = ask(cycle, case).install
    assert install is not None
    assert verify(install.source, install.certificate) == ()
    assert install.intent == "add amount to balance"
    assert install.provenance["mission"] == "m1"
    assert (install.provenance["plan"], install.provenance["facets"]) == (PLAN, {"SAGE": "It grows."})
    assert install.provenance["attempt"] == 0


def test_a_failure_is_told_to_those_who_wait_and_to_no_others(world: World, account: UvmObject) -> None:
    case = CASES["failed tells all who wait"]
    parked = ask(started(world, account, case), case).remember["parked"]
    assert isinstance(parked, list)
    assert [(message["answered"], message["error"]) for message in parked] == [
        (True, ""),
        (True, "no method"),
    ]


SUBJECTS: dict[MissionKind, tuple[str, str]] = {
    "unhandled_message": ("account.deposit_(amount=50)", "add amount to balance"),
    "question": ("account ? 'Is it overdrawn?'", "Is it overdrawn?"),
    "self_audit": (
        "account.perform_efficiency_audit_()",
        "find methods that fail often or take long, and say what to improve",
    ),
}


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_mission_has_a_title_and_a_wish(world: World, account: UvmObject, kind: MissionKind) -> None:
    cycle = started(world, account, Case("IDLE", "", mandate=MANDATES[kind]))
    assert (title_of(cycle), wanted_of(cycle)) == SUBJECTS[kind]


def test_the_cases_cover_every_state() -> None:
    assert {f"psm.{case.state.lower()}" for case in CASES.values()} == set(state_functions())
