"""What is told of the events of a kernel, and what is passed over."""

from __future__ import annotations

import pytest

from battui.cli.narration import Narrator
from battui.contracts.events import EventKind, KernelEvent
from battui.contracts.values import Value


def event(
    kind: EventKind, text: str = "", *, at: float = 0.0, level: str = "info", **data: Value
) -> KernelEvent:
    return KernelEvent(1, at, kind, text, level, "m1", "", data)  # type: ignore[arg-type]


def told(*events: KernelEvent, verbose: bool = False) -> list[str]:
    lines: list[str] = []
    narrator = Narrator(lines.append, verbose=verbose)
    for one in events:
        narrator.hear(one)
    assert narrator.told == len(events)
    return "\n".join(lines).splitlines()


def test_states_are_told_with_the_seconds_since_the_mission_was_first_heard_of() -> None:
    assert told(
        event("mission", "account.double_()", at=10.0, state="DECOMPOSING"),
        event("mission", "account.double_()", at=11.26, state="SYNTHESIZING"),
        event("mission", "ended COMPLETE: account.double_()", at=12.0, state="ended"),
    ) == [
        "[   0.0 s] m1 DECOMPOSING  account.double_()",
        "[   1.3 s] m1 SYNTHESIZING",
        "[   2.0 s] m1 ended COMPLETE: account.double_()",
    ]


@pytest.mark.parametrize(("accepted", "word"), [(True, "accepted"), (False, "refused")])
def test_a_candidate_is_told_with_its_verdict_and_source(accepted: bool, word: str) -> None:
    source = "def f(self):\n    return 1\n"

    assert told(event("candidate", index=1, accepted=accepted, verdict="cell: ran", source=source)) == [
        f"  m1 candidate 2 {word}: cell: ran",
        "    | def f(self):",
        "    |     return 1",
    ]


def test_plan_facets_and_installation_are_told() -> None:
    lines = told(
        event("plan", "be brief"),
        event("facet", facet="SAGE", text="be wise"),
        event("installed", "account.f()", selector="f", source="def f(self): ..."),
    )

    assert lines == [
        "  m1 plan: be brief",
        "  m1 facet SAGE: be wise",
        "  m1 installed f: account.f()",
        "    | def f(self): ...",
    ]


def test_the_engine_is_told_of_only_while_a_mission_waits_for_it_and_each_state_once() -> None:
    mission = event("mission", "account.f()", state="DECOMPOSING")
    loading, ready = event("engine", "loading", state="loading"), event("engine", "on cpu", state="ready")

    assert told(loading, ready) == []
    assert told(loading, loading, mission, loading, ready)[1:] == [
        "  engine loading",
        "  engine ready: on cpu",
    ]


@pytest.mark.parametrize("kind", ["token", "message", "answer", "object", "kernel", "heartbeat"])
def test_what_is_none_of_a_readers_business_is_passed_over(kind: EventKind) -> None:
    assert told(event(kind, "text")) == []
    assert bool(told(event(kind, "text"), verbose=True)) == (kind != "token")


def test_warnings_of_any_kind_are_told() -> None:
    assert told(event("kernel", "the disk is full", level="warning")) == ["  kernel: the disk is full"]
    assert told(event("error", "boom", level="error")) == ["  error: boom"]


def test_what_a_model_wrote_cannot_steer_the_terminal() -> None:
    assert told(event("facet", facet="SAGE", text="\x1b[2J")) == ["  m1 facet SAGE: \\x1b[2J"]
