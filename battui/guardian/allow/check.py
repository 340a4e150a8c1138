"""Every node of a source against the allow-list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import libcst as cst

from battui.contracts.offered import offered
from battui.contracts.review import Finding
from battui.guardian.allow import constants, literals, names, signature
from battui.guardian.allow.located import Located, located
from battui.guardian.allow.vocabulary import vocabulary
from battui.guardian.reading import Reading

MAX_FINDINGS = 20
# PEP 263. Text is read without looking at it, but a file written from that text would be another program.
_ENCODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PLAIN_ENCODINGS = frozenset({"utf-8", "utf8"})
_Message = tuple[str, str, str]


def check(reading: Reading) -> tuple[Finding, ...]:
    """What the allow-list has against a source: at most MAX_FINDINGS findings, in the order of the text."""
    findings: dict[tuple[str, int, str], Finding] = {}
    for rule, line, message, remedy in _faults(reading):
        findings.setdefault((rule, line, message), Finding(rule, line, message, remedy))
        if len(findings) >= MAX_FINDINGS:
            break
    return tuple(sorted(findings.values(), key=lambda finding: finding.line))


def _faults(reading: Reading) -> Iterator[tuple[str, int, str, str]]:
    yield from _text_faults(reading.source)
    function = signature.only_function(reading.module)
    if function is None:
        yield (
            "form",
            1,
            "this is not exactly one function",
            "Write one function, `def name(self, ...):`, no more.",
        )
    else:
        for node, message, remedy in signature.faults(function):
            yield "form", reading.line(node), message, remedy
    outside = names.global_names(reading.source)
    for abstract in ast.walk(reading.tree):
        for rule, message, remedy in _abstract_faults(abstract, outside):
            yield rule, getattr(abstract, "lineno", 1), message, remedy
    count = 0
    for place in located(reading):
        count += 1
        for rule, message, remedy in _node_faults(place, outside):
            yield rule, place.line, message, remedy
    limits = offered().limits
    if count > limits.nodes:
        yield (
            "size",
            1,
            f"the code has {count} nodes, more than {limits.nodes}",
            "Split it into several methods.",
        )


def _text_faults(source: str) -> Iterator[tuple[str, int, str, str]]:
    limits = offered().limits
    lines = source.count("\n") + 1
    if len(source) > limits.characters or lines > limits.lines:
        size = f"{len(source)} characters on {lines} lines"
        bound = f"{limits.characters} characters or {limits.lines} lines"
        yield "size", 1, f"the method has {size}, more than {bound}", "Split it into several methods."
    for number, text in enumerate(source.splitlines()[:2], start=1):
        declared = _ENCODING.match(text)
        if declared and declared[1].lower() not in _PLAIN_ENCODINGS:
            yield "text", number, f"the encoding {declared[1]} is declared", "Remove that comment."
    bare = source.replace("\r\n", "\n")
    for character in sorted({one for one in bare if not one.isprintable()} - {"\n", "\t"}):
        if (
            character.isspace()
            or ord(character) < 32
            or character in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069"
        ):
            line = bare[: bare.index(character)].count("\n") + 1
            yield "text", line, f"the control character {character!a} is in the text", "Remove it."


def _abstract_faults(node: ast.AST, outside: frozenset[str]) -> Iterator[_Message]:
    """What is easier to see in Python's own tree: text with its escapes resolved, and what is written to."""
    for message, remedy in literals.faults(node, offered().limits):
        yield "literal", message, remedy
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        root = names.root(node)
        if root in outside:
            yield "name", f"{root} is not yours to change", "Keep values in local names or in slots of self."


def _node_faults(place: Located, outside: frozenset[str]) -> Iterator[_Message]:
    node = place.node
    yield from _kind_faults(node, place.parent)
    yield from _depth_faults(place)
    limits = offered().limits
    excess = constants.excess(node, limits)
    if excess:
        yield "size", excess, "Use smaller numbers."
    if isinstance(node, cst.BinaryOperation) and constants.repeats_too_often(node, limits):
        yield "size", f"a repetition of more than {limits.repeat} times", "Use smaller numbers."
    if isinstance(node, cst.Attribute):
        yield from _attribute_faults(node, place.parent, outside)
    elif isinstance(node, cst.MatchKeywordElement):
        yield from _as(names.attribute_fault(names.normal(node.key.value)), "attribute")
    elif isinstance(node, cst.Name):
        yield from _name_faults(node, place.parent, outside)


def _kind_faults(node: cst.CSTNode, parent: cst.CSTNode | None) -> Iterator[_Message]:
    words = vocabulary()
    kind = type(node).__name__
    is_within_refused = parent is not None and type(parent).__name__ not in words.nodes
    if kind not in words.nodes and not is_within_refused:
        yield "construct", f"{kind} may not be used", words.remedies.get(kind, "Write it in a simpler way.")
    if isinstance(node, cst.Assign) and not is_signal(node) and any(map(_is_signal_target, node.targets)):
        yield (
            "signal",
            "the signal has another form than self._p_changed = True",
            "Write it on a line of its own: self._p_changed = True.",
        )


def _depth_faults(place: Located) -> Iterator[_Message]:
    limits = offered().limits
    if place.blocks == limits.block_depth + 2 and isinstance(
        place.node, cst.IndentedBlock | cst.SimpleStatementSuite
    ):
        yield (
            "size",
            f"blocks are nested more than {limits.block_depth} deep",
            "Split it into several methods.",
        )
    if place.expressions == limits.expression_depth + 1:
        yield (
            "size",
            f"brackets and operators are nested more than {limits.expression_depth} deep",
            "Use local names.",
        )


def is_signal(node: cst.CSTNode) -> bool:
    """The covenant's signal in its one form: `<object>._p_changed = True`."""
    if not isinstance(node, cst.Assign) or len(node.targets) != 1:
        return False
    value = node.value
    is_true = isinstance(value, cst.Name) and value.value == "True" and not value.lpar
    return is_true and _is_signal_target(node.targets[0])


def _is_signal_target(target: cst.AssignTarget) -> bool:
    return isinstance(target.target, cst.Attribute) and target.target.attr.value == "_p_changed"


def _attribute_faults(
    node: cst.Attribute, parent: cst.CSTNode | None, outside: frozenset[str]
) -> Iterator[_Message]:
    name = names.normal(node.attr.value)
    if isinstance(parent, cst.AssignTarget) and node.attr.value == "_p_changed":
        return
    yield from _as(names.attribute_fault(name), "attribute")
    module = node.value.value if isinstance(node.value, cst.Name) else ""
    if module in outside and module in offered().facades:
        yield from _as(names.facade_fault(module, name), "name")


def _name_faults(node: cst.Name, parent: cst.CSTNode | None, outside: frozenset[str]) -> Iterator[_Message]:
    if isinstance(parent, cst.Attribute | cst.MatchKeywordElement) and parent_part(parent) is node:
        return
    name = names.normal(node.value)
    yield from _as(names.name_fault(name), "name")
    is_keyword = isinstance(parent, cst.Arg) and parent.keyword is node
    if name in outside and not is_keyword:
        yield from _as(names.unknown_name_fault(name), "name")
        if name in offered().facades and not isinstance(parent, cst.Attribute):
            yield "name", f"{name} is used by itself", f"Use it with one of its functions: {name}.name."


def parent_part(parent: cst.Attribute | cst.MatchKeywordElement) -> cst.Name:
    """The name that is an attribute, in a node that has one."""
    return parent.attr if isinstance(parent, cst.Attribute) else parent.key


def _as(fault: tuple[str, str] | None, rule: str) -> Iterator[_Message]:
    if fault is not None:
        yield rule, *fault
