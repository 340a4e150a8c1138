"""Whole files of classes, as people write them: every method in them, at any depth.

Slots that only ever hold a container which looks after its own changes (a BTree, a PersistentMapping) need no
signal; which ones do is read from the assignments in their class and in its bases within the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from battui.contracts.review import Finding
from battui.guardian.covenant import TooComplex, analyse
from battui.guardian.persistent_slots import tracked_slots
from battui.guardian.reading import (
    FILE_CHARACTERS,
    Reading,
    Unreadable,
    is_one_function,
    parse,
    read,
    statements,
)
from battui.guardian.review import (
    TOO_COMPLEX,
    covenant_findings,
    policy_of,
    repair_function,
    review,
    review_both,
)
from battui.guardian.rules import ALL_RULES, INPLACE_ONLY, Rules


@dataclass(frozen=True, slots=True)
class FileReview:
    """The verdict on a file: what is wrong with it as it is, and its text with the signals inserted.

    `accepted` is about the file as it is; `repaired_accepted` about `repaired`, which is None where nothing had to
    be inserted.
    """

    accepted: bool
    findings: tuple[Finding, ...] = ()
    repaired: str | None = None
    repaired_accepted: bool = False
    methods: int = 0


@dataclass(frozen=True, slots=True)
class _Method:
    function: cst.FunctionDef
    tracked: frozenset[str]


def review_file(source: str, *, rules: Rules | None = None, repair: bool = True) -> FileReview:
    """Check every method in a text. Never raises.

    Without `rules`, a text that is one function is taken for generated code (all rules), any other for classes
    that people wrote (what ZODB cannot see).
    """
    try:
        if is_one_function(parse(source, limit=FILE_CHARACTERS)):
            return _review_one(source, rules or ALL_RULES, repair=repair)
        reading = read(source, limit=FILE_CHARACTERS)
    except Unreadable as unreadable:
        return FileReview(False, (unreadable.finding,))
    return _review_many(reading, rules or INPLACE_ONLY, repair=repair)


def _review_one(source: str, rules: Rules, *, repair: bool) -> FileReview:
    as_it_is, repaired = review_both(source, rules, repair=repair)
    if repaired is None:
        return FileReview(as_it_is.accepted, as_it_is.findings, methods=1)
    return FileReview(False, as_it_is.findings, repaired.source, repaired.accepted, methods=1)


def _review_many(reading: Reading, rules: Rules, *, repair: bool) -> FileReview:
    findings: list[Finding] = []
    replaced: dict[int, cst.FunctionDef] = {}
    remaining = 0
    methods = list(_methods(reading.module))
    for method in methods:
        found, fixed = _review_method(reading, method, rules, repair=repair)
        errors = [one for one in found if one.severity == "error"]
        findings += found
        if fixed is not None:
            replaced[id(method.function)] = fixed
            errors = [one for one in errors if one.rule != "covenant"]
        remaining += len(errors)
    text = None
    if replaced:
        text = cst.ensure_type(reading.module.visit(_Replacer(replaced)), cst.Module).code
    accepted = not any(one.severity == "error" for one in findings)
    return FileReview(accepted, tuple(findings), text, remaining == 0, methods=len(methods))


def _review_method(
    reading: Reading, method: _Method, rules: Rules, *, repair: bool
) -> tuple[tuple[Finding, ...], cst.FunctionDef | None]:
    policy = policy_of(rules, method.tracked)
    allowed = _allow_findings(reading, method.function) if rules.allow else ()
    if policy is None:
        return allowed, None
    try:
        verdict = analyse(method.function, policy)
        fixed = repair_function(method.function, verdict, policy) if repair and verdict.leaks else None
    except (TooComplex, RecursionError):
        return (TOO_COMPLEX,), None
    return (*allowed, *covenant_findings(reading, verdict)), fixed


def _allow_findings(reading: Reading, function: cst.FunctionDef) -> tuple[Finding, ...]:
    """The allow-list's findings on one method of a file, with the lines of the file."""
    first = reading.line(function) - 1
    alone = cst.Module([function.with_changes(leading_lines=[])]).code
    found = review(alone, rules=Rules(covenant="off"), repair=False).findings
    return tuple(Finding(one.rule, one.line + first, one.message, one.remedy, one.severity) for one in found)


def _methods(module: cst.Module) -> Iterator[_Method]:
    """Functions whose first parameter is `self`: in classes at any depth, and at the top of the file."""
    slots = tracked_slots(module)
    pending: list[tuple[cst.CSTNode, frozenset[str], bool]] = [(module, frozenset(), True)]
    while pending:
        node, tracked, is_outside = pending.pop()
        for statement in reversed(list(_directly_below(node))):
            if isinstance(statement, cst.ClassDef):
                pending.append((statement, slots.get(id(statement), frozenset()), True))
            elif isinstance(statement, cst.FunctionDef):
                if is_outside and _takes_self(statement):
                    yield _Method(statement, tracked)
                pending.append((statement, tracked, False))


def _directly_below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Classes and functions in a body, those behind an `if` or `try` included, not those in other bodies."""
    inside: set[int] = set()
    for statement in statements(node):
        if id(statement) in inside:
            continue
        if isinstance(statement, cst.ClassDef | cst.FunctionDef):
            yield statement
            inside |= {id(one) for one in statements(statement)}


def _takes_self(function: cst.FunctionDef) -> bool:
    params = (*function.params.posonly_params, *function.params.params)
    return bool(params) and params[0].name.value == "self"


class _Replacer(cst.CSTTransformer):
    """Puts repaired functions in the place of the ones they came from."""

    def __init__(self, replaced: dict[int, cst.FunctionDef]) -> None:
        super().__init__()
        self._replaced = replaced

    def leave_FunctionDef(  # noqa: N802 - LibCST's name
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        return self._replaced.get(id(original_node), updated_node)
