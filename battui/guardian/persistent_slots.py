"""Which slots of a class hold containers that look after their own changes."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from battui.guardian.covenant.calls import dotted
from battui.guardian.tree import walk
from battui.guardian.words import words


def tracked_slots(module: cst.Module) -> dict[int, frozenset[str]]:
    """For each class, by the identity of its node: paths such as `self.index` that only ever hold such containers."""
    classes = [node for node in walk(module) if isinstance(node, cst.ClassDef)]
    if not classes:
        return {}
    known = words()["classes"]["tracked_names"] | frozenset(_imported(module))
    by_name = {node.name.value: node for node in classes}
    own = {id(node): _assigned(node, known) for node in classes}
    return {id(node): _decided(_family(node, by_name), own) for node in classes}


def _imported(module: cst.Module) -> Iterator[str]:
    """Names that the file imports from the packages of such containers."""
    packages = tuple(words()["classes"]["tracked_modules"])
    for node in walk(module):
        if (
            not isinstance(node, cst.ImportFrom)
            or node.module is None
            or isinstance(node.names, cst.ImportStar)
        ):
            continue
        if dotted(node.module).startswith(packages):
            for alias in node.names:
                name = alias.asname.name if alias.asname else alias.name
                yield name.value if isinstance(name, cst.Name) else dotted(alias.name)


def _assigned(node: cst.ClassDef, known: frozenset[str]) -> dict[str, bool]:
    """Slots that the class assigns, and whether every value is such a container (or None, an empty place)."""
    slots: dict[str, bool] = {}
    for statement in walk(node):
        if isinstance(statement, cst.Assign):
            for target in statement.targets:
                name = dotted(target.target)
                path = name if name.startswith("self.") else ""
                if path and path.count(".") == 1 and not _is_none(statement.value):
                    slots[path] = slots.get(path, True) and _is_tracked(statement.value, known)
    return slots


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def _is_tracked(node: cst.BaseExpression, known: frozenset[str]) -> bool:
    if not isinstance(node, cst.Call):
        return False
    name = dotted(node.func)
    return name in known or name.rpartition(".")[2] in known


def _family(node: cst.ClassDef, by_name: dict[str, cst.ClassDef]) -> list[cst.ClassDef]:
    """The class, its bases and its subclasses, as far as they are in the file."""
    below = [other for other in by_name.values() if node in _bases(other, by_name)]
    return [*_bases(node, by_name), *(other for other in below if other is not node)]


def _bases(node: cst.ClassDef, by_name: dict[str, cst.ClassDef]) -> list[cst.ClassDef]:
    """The class and its bases within the file."""
    found: list[cst.ClassDef] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if current not in found:
            found.append(current)
            names = (dotted(base.value).rpartition(".")[2] for base in current.bases)
            pending += [by_name[name] for name in names if name in by_name]
    return found


def _decided(family: list[cst.ClassDef], own: dict[int, dict[str, bool]]) -> frozenset[str]:
    verdicts: dict[str, bool] = {}
    for member in family:
        for path, is_tracked in own[id(member)].items():
            verdicts[path] = verdicts.get(path, True) and is_tracked
    return frozenset(path for path, is_tracked in verdicts.items() if is_tracked)
