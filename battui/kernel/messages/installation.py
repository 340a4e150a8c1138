"""A method becomes part of an object: source, proof, provenance, mission record and skill, in one transaction."""

from __future__ import annotations

from battui.catalog.skills import forget_skill, keep_skill
from battui.contracts.errors import Conflict, GuardianRefused, Refused
from battui.guardian import review
from battui.image.cases import keep_cases
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.world import World, oid_of
from battui.mind.lessons import cases_in
from battui.mind.steps import Installation


def install(world: World, cycle: UvmObject, installation: Installation, at: float) -> Method:
    """Put the method into the target of `cycle`; an earlier version is kept behind it.

    Raises GuardianRefused where the source does not pass every rule as it stands, or is not the certified one.
    """
    _review_again(installation)
    target = cycle.target
    earlier = target._slots.get(installation.selector)
    method = Method(
        installation.source,
        installation.selector,
        installation.parameters,
        intent=installation.intent,
        certificate=installation.certificate,
        provenance=installation.provenance,
        previous=earlier if isinstance(earlier, Method) else None,
        mission=cycle.mission,
        installed_at=at,
    )
    setattr(target, installation.selector, method)
    cycle.installed = method
    world.root["knowledge_catalog_obj"].skills[_skill(target, method)] = method
    keep_skill(world, target, method)
    keep_cases(world, method, cases_in(cycle))
    return method


def uninstall(world: World, cycle: UvmObject) -> None:
    """Take back what the mission of `cycle` has installed; what the method has done since stays.

    A reversal of the transaction itself would be refused as soon as anything else touched the same records.
    Raises Refused where there is nothing to take back, and Conflict where a later version stands in its place.
    """
    method, target = cycle.installed, cycle.target
    if method is None:
        raise Refused(
            "this mission has installed nothing, or it is undone already",
            about=cycle.mission,
            remedy="See: battui history",
        )
    if target._slots.get(method.selector) is not method:
        raise Conflict(
            "a later version of this method has taken its place",
            about=f"{cycle.target_name}.{method.selector}",
            remedy="Undo that mission first: battui missions",
        )
    skills = world.root["knowledge_catalog_obj"].skills
    if method.previous is None:
        delattr(target, method.selector)
        skills.pop(_skill(target, method), None)
        forget_skill(world, target, method)
    else:
        setattr(target, method.selector, method.previous)
        skills[_skill(target, method)] = method.previous
        keep_skill(world, target, method.previous)
    cycle.installed = None


def _skill(target: UvmObject, method: Method) -> str:
    return f"{oid_of(target):016x}.{method.selector}"


def _review_again(installation: Installation) -> None:
    """What was reviewed before may have waited long, and may have been changed; nobody's approval replaces this."""
    verdict = review(installation.source, repair=False)
    about = f"method {installation.selector}"
    if not verdict.accepted:
        objection = str(verdict.errors[0]) if verdict.errors else "it passes no review"
        raise GuardianRefused(objection, about=about, remedy="It was not installed.")
    found = (verdict.tree_hash, verdict.selector, verdict.parameters)
    if found != (installation.certificate.tree_hash, installation.selector, installation.parameters):
        raise GuardianRefused(
            "this is not the source that was certified", about=about, remedy="It was not installed."
        )
