"""Views of the image for front ends: objects, missions, history and status as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from battui.contracts.commands import ListObjects, Path
from battui.contracts.errors import NotStorable, UnknownSlot
from battui.contracts.replies import (
    APPROVAL,
    CandidateView,
    MethodStory,
    MethodView,
    MissionView,
    ObjectList,
    ObjectSummary,
    ObjectView,
    SlotView,
)
from battui.contracts.values import Ref, Value, is_parent_slot
from battui.image.cases import cases_of
from battui.image.lookup import chain
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import World, oid_of, wire
from battui.kernel.messages.rendering import rendered
from battui.kernel.missions.findings import settled_of
from battui.mind.approval import awaiting
from battui.mind.budget import seconds_used
from battui.mind.choice import Candidate
from battui.mind.cycle import state_of
from battui.mind.editing import draft_of
from battui.mind.states import expected_of, title_of
from battui.mind.warrant import certificate_of

ENDED = ("COMPLETE", "FAILED")


def object_view(world: World, path: Path) -> ObjectView:
    """An object with its own slots, then those it inherits; each name once, the nearest holder's."""
    target = world.receiver(path)
    seen: set[str] = set()
    slots: list[SlotView] = []
    for holder in chain(target):
        for name, value in holder._slots.items():
            inherited = holder is not target
            if name not in seen and not (inherited and is_parent_slot(name)):
                seen.add(name)
                slots.append(_slot_view(world, name, value, world.name_of(holder) if inherited else ""))
    return ObjectView(oid_of(target), world.name_of(target), tuple(slots))


def method_story(world: World, path: Path) -> MethodStory:
    """A learned method with the versions before it; raises UnknownSlot where there is none."""
    selector = path.names[-1] if path.names else ""
    for holder in chain(world.receiver(path.holder)):
        value = holder._slots.get(selector)
        if isinstance(value, Method):
            views = tuple(_method_view(world, version) for version in _versions(value))
            return MethodStory(world.name_of(holder), views, cases_of(world, value), dict(value.provenance))
    raise UnknownSlot(
        "there is no learned method of that name", about=str(path), remedy="Look at the object."
    )


def object_list(world: World, listing: ListObjects) -> ObjectList:
    """What users have bound, then the image's own objects; one page of them, if a limit is given."""
    found = _matching(world.lobby_objects(listing.start), listing.matching)
    page = list(islice(found, listing.limit) if listing.limit else found)
    following = next(found, None)
    own = () if listing.start else _matching(world.system_objects(), listing.matching)
    return ObjectList(
        (
            *(_summary(name, value, system=False) for name, value in page),
            *(_summary(name, value, system=True) for name, value in own),
        ),
        next=following[0] if following is not None else "",
    )


def _matching(objects: Iterator[tuple[str, UvmObject]], wanted: str) -> Iterator[tuple[str, UvmObject]]:
    folded = wanted.casefold()
    for name, value in objects:
        if not folded or folded in f"{name} {Ref(oid_of(value))}".casefold():
            yield name, value


def mission_view(world: World, cycle: UvmObject, waiting: str = "") -> MissionView:
    """A mission with everything it went through."""
    parked = cycle.parked
    errors = [message["error"] for message in parked if message["error"]]
    answers = [
        rendered(world, message["answer"])
        for message in parked
        if message["answered"] and not message["error"]
    ]
    trail = tuple((str(state), float(at)) for state, at in cycle.trail)
    state = state_of(cycle)
    proposal = awaiting(cycle)
    return MissionView(
        id=cycle.mission,
        kind=cycle.kind,
        state=state,
        title=title_of(cycle),
        target=cycle.target_name,
        started_at=trail[0][1],
        ended_at=trail[-1][1] if state in ENDED else 0.0,
        # A mission that has just been resumed waits for approval even before its task says so.
        waiting=waiting or (APPROVAL if proposal is not None else ""),
        plan=dict(cycle.plan),
        facets={name: str(text) for name, text in cycle.facets.items()},
        candidates=tuple(_candidate_view(fate) for fate in cycle.fates),
        answer=answers[-1] if answers else str(cycle.reply),
        failure=cycle.failure or (errors[-1] if errors else ""),
        tokens=cycle.tokens,
        senders=len(parked),
        trail=trail,
        proposal=proposal.source if proposal is not None else "",
        replaces=_present_source(cycle) if proposal is not None else "",
        sources=tuple(cycle._slots.get("sources", ())),
        proof=_proof(cycle, proposal) if proposal is not None else (),
        draft=draft_of(cycle),
        intent=cycle.mission_brief["intent"],
        expectation=expected_of(cycle),
        seconds=seconds_used(cycle),
        budget=dict(cycle._slots.get("budget") or {}),
        settled=settled_of(cycle),
    )


def _proof(cycle: UvmObject, proposal: Candidate) -> tuple[str, ...]:
    """What stands in the certificate that the proposal would be installed with."""
    certificate = certificate_of(cycle, proposal)
    return (
        f"rules: {', '.join(certificate.rules)} (ruleset {certificate.ruleset})",
        f"tree: {certificate.tree_hash}",
        *(f"passed: {trial.case}: {trial.outcome}" for trial in certificate.trials),
        *(f"noted: {finding}" for finding in proposal.findings),
    )


def _present_source(cycle: UvmObject) -> str:
    """The source of the learned method that the cycle's own would take the place of."""
    present = cycle.target._slots.get(cycle.mission_brief["selector"])
    return present.source if isinstance(present, Method) else ""


def _summary(name: str, target: UvmObject, *, system: bool) -> ObjectSummary:
    own = target._slots
    methods = sum(isinstance(value, Method) for value in own.values())
    return ObjectSummary(oid_of(target), name, len(own), methods, system)


def _slot_view(world: World, name: str, value: Any, holder: str) -> SlotView:
    if isinstance(value, Method):
        return SlotView(name, "method", _signature(value), holder=holder, method=_method_view(world, value))
    if isinstance(value, Primitive):
        view = MethodView(name, value.parameters, "", primitive=True)
        return SlotView(name, "primitive", f"{name}{value}", holder=holder, method=view)
    return SlotView(
        name, "parent" if is_parent_slot(name) else "data", rendered(world, value), _value(value), holder
    )


def _signature(method: Method) -> str:
    return f"{method.selector}({', '.join(method.parameters)})"


def _versions(method: Method) -> Iterator[Method]:
    version: Method | None = method
    while version is not None:
        yield version
        version = version.previous


def _method_view(world: World, method: Method) -> MethodView:
    certificate = method.certificate
    return MethodView(
        selector=method.selector,
        parameters=tuple(method.parameters),
        source=method.source,
        intent=method.intent,
        mission=method.mission,
        installed_at=method.installed_at,
        ruleset=certificate.ruleset,
        tree_hash=certificate.tree_hash,
        trials=tuple(
            f"{'passed' if trial.passed else 'failed'}: {trial.case}" for trial in certificate.trials
        ),
        cases=len(cases_of(world, method)),
        versions=method.versions,
    )


def _value(value: Any) -> Value:
    try:
        return wire(value)
    except NotStorable:
        return None


def _candidate_view(fate: dict[str, Any]) -> CandidateView:
    return CandidateView(
        index=fate["index"],
        source=fate["source"],
        verdict=fate["verdict"],
        # Older images kept the guardian's word alone.
        accepted=bool(fate.get("survived", fate["accepted"])),
        chosen=fate["chosen"],
    )
