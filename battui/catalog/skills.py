"""Learned methods as documents: found by what they are for, what they are called and what they say."""

from __future__ import annotations

from battui.catalog.drafts import Draft, Piece, content_hash
from battui.catalog.storing import put_document, remove_document
from battui.contracts.values import Value
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.world import World, oid_of

KIND = "skill"


def keep_skill(world: World, target: UvmObject, method: Method) -> None:
    """Make the method of `target` findable, in place of its earlier version."""
    slots: list[Value] = [
        name for name in target._slots if not name.startswith("_") and not name.endswith("*")
    ]
    head = f"{method.selector}({', '.join(method.parameters)})"
    text = "\n".join(part for part in (head, method.intent, method.source) if part)
    put_document(
        world,
        Draft(
            key=_key(target, method),
            name=f"{world.name_of(target)}.{method.selector}",
            title=method.intent or head,
            kind=KIND,
            content_hash=content_hash(text.encode(), method.mission),
            pieces=(Piece(text, 0, len(text)),),
            metadata={"selector": method.selector, "slots": slots, "mission": method.mission},
        ),
    )


def forget_skill(world: World, target: UvmObject, method: Method) -> None:
    """The method is no longer part of `target`."""
    remove_document(world, _key(target, method))


def holder_of(document: UvmObject) -> tuple[int, str]:
    """The number of the object whose method the document tells of, and the method's selector."""
    number, _, selector = str(document.key).removeprefix(f"{KIND}:").partition(".")
    return int(number, 16), selector


def _key(target: UvmObject, method: Method) -> str:
    return f"{KIND}:{oid_of(target):016x}.{method.selector}"
