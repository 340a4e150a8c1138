"""Senders and implementors: every object of the image is looked at, and let go again."""

from __future__ import annotations

import ast
from typing import Any

from battui.contracts.methods import FindSelector, SelectorPlace, SelectorUses
from battui.image.inventory import names_of, objects_of
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import World, oid_of


def selector_uses(world: World, command: FindSelector) -> SelectorUses:
    """Who holds the selector, and whose learned methods send it; a method that clones share is one sender."""
    return _Uses(world, command).found()


def line_that_sends(source: str, selector: str) -> int:
    """The first line of `source` that sends `selector` to anybody, from 1; 0 where none does.

    A message is a call of an attribute, whatever stands before the dot. `infer_` in a text is none.
    """
    if f".{selector}" not in source:
        return 0
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return 0
    lines = [
        node.func.end_lineno or node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == selector
    ]
    return min(lines, default=0)


class _Uses:
    """One look through the image."""

    def __init__(self, world: World, command: FindSelector) -> None:
        self._world = world
        self._selector = command.selector
        self._limit = command.limit
        self._names = names_of(world)
        self._implementors: list[SelectorPlace] = []
        self._senders: list[SelectorPlace] = []
        self._methods: set[bytes] = set()
        self._more = 0

    def found(self) -> SelectorUses:
        for holder in objects_of(self._world):
            slots = holder._slots
            if self._selector in slots and "mission_brief" not in slots:
                self._keep(self._implementors, self._place(holder, self._selector, slots[self._selector]))
            for name, value in list(slots.items()):
                if isinstance(value, Method):
                    self._look(holder, name, value)
            holder._p_deactivate()
        return SelectorUses(self._selector, tuple(self._implementors), tuple(self._senders), self._more)

    def _look(self, holder: UvmObject, slot: str, method: Method) -> None:
        if method._p_oid in self._methods:
            return
        self._methods.add(method._p_oid)
        if line := line_that_sends(method.source, self._selector):
            text = method.source.splitlines()[line - 1].strip()
            place = SelectorPlace(
                oid_of(holder), self._name(holder), slot, "method", text, line, method.source
            )
            self._keep(self._senders, place)
        method._p_deactivate()

    def _place(self, holder: UvmObject, slot: str, value: Any) -> SelectorPlace:
        name = self._name(holder)
        if isinstance(value, Method):
            signature = f"({', '.join(value.parameters)})  {value.intent}".rstrip()
            return SelectorPlace(oid_of(holder), name, slot, "method", signature, source=value.source)
        if isinstance(value, Primitive):
            return SelectorPlace(oid_of(holder), name, slot, "primitive", str(value))
        return SelectorPlace(oid_of(holder), name, slot, "data", _short(value))

    def _name(self, holder: UvmObject) -> str:
        return self._names.get(holder._p_oid) or repr(holder)

    def _keep(self, places: list[SelectorPlace], place: SelectorPlace) -> None:
        if len(places) < self._limit:
            places.append(place)
        else:
            self._more += 1


def _short(value: object) -> str:
    text = repr(value) if not isinstance(value, list | dict) else f"{type(value).__name__} of {len(value)}"
    return text[:80]
