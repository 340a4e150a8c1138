"""A method becomes part of an object: source, proof, provenance, mission record and skill, in one transaction."""

from __future__ import annotations

from battui.image.lookup import Found, find
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.world import World, oid_of
from battui.mind.steps import Installation


def install(world: World, cycle: UvmObject, installation: Installation, at: float) -> Method:
    """Put the method into the target of `cycle`; an earlier version is kept behind it."""
    target = cycle.target
    found = find(target, installation.selector)
    earlier = found.value if isinstance(found, Found) else None
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
    skills = world.root["knowledge_catalog_obj"].skills
    skills[f"{oid_of(target):016x}.{installation.selector}"] = method
    return method
