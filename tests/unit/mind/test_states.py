"""The state machine as tables: a cycle in a real image and what came of its effects -> the next step."""

from __future__ import annotations

import pytest

from battui.contracts.generation import GenerationRequest
from battui.guardian import verify
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.cycle import MissionKind, enter, park, start_cycle
from battui.mind.personas import shipped_personas
from battui.mind.states import MindContext, state_functions
from battui.mind.states.subject import title_of, wanted_of
from battui.mind.steps import (
    AnswerSender,
    AwaitApproval,
    Effect,
    Generate,
    ReadRecord,
    Recall,
    Search,
    Step,
    TryCandidates,
)
from tests.unit.mind.state_cases import CASES
from tests.unit.mind.state_parts import MANDATES, PLAN, Case


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
        case TryCandidates(sources=sources, first=first):
            return f"try {len(sources)} from {first}"
        case ReadRecord():
            return "read record"
        case Search():
            return "search"
        case Recall():
            return "recall"
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
        "self.balance -= amount",
    ),
    "answering asks, with what was found": (
        "Is it overdrawn?",
        "balance = 100",
        "(guide.md:3) A balance below zero",
    ),
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
