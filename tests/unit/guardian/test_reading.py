"""Any text at all gets a verdict."""

from __future__ import annotations

import ast
import hashlib

import pytest

from battui.guardian import review, tree_hash
from battui.guardian.reading import read

HOSTILE = {
    "nothing": "",
    "spaces": "   ",
    "null": "def a(self):\0 pass",
    "lone surrogate": "def a(self):\n    return '\ud800'\n",
    "not Python": "def a(self:",
    "prose": "Here is the method you asked for:",
    "fenced": "```python\ndef a(self):\n    pass\n```",
    "tab and space": "def a(self):\n\tx = 1\n        y = 2\n",
    "brackets": "x = " + "(" * 5000 + ")" * 5000,
    "lists": "x = " + "[" * 3000 + "]" * 3000,
    "minus": "x = " + "-" * 20000 + "1",
    "not": "x = " + "not " * 5000 + "1",
    "lambdas": "x = " + "lambda: " * 5000 + "1",
    "attributes": "x = a" + ".b" * 20000,
    "calls": "x = a" + "()" * 20000,
    "powers": "x = 1" + "**1" * 20000,
    "sums": "x = 1" + "+1" * 20000,
    "conditionals": "x = " + "1 if x else " * 5000 + "1",
    "targets": "x = " * 5000 + "1",
    "elif": "if x:\n    pass\n" + "elif x:\n    pass\n" * 3000,
    "blocks": "".join(" " * n + "if x:\n" for n in range(200)) + " " * 200 + "pass",
    "decorators": "@a\n" * 5000 + "def a(self): pass",
    "strings": "x = " + "'a' " * 20000,
    "f-strings": "x = " + "f'{" * 100 + "1" + "}'" * 100,
    "huge": "x = 1\n" * 200_000,
    "huge number": "x = " + "9" * 100_000,
    "unclosed": "def a(self):\n    '''",
    "encoding": "# -*- coding: utf-7 -*-\ndef a(self):\n    pass\n",
    "backslashes": "\\\n" * 10_000,
    "dedents": "def a(self):\n        pass\n    pass",
    "return outside": "return 1",
    "broken break": "def a(self):\n    break\n",
    "two of one name": "def a(self, x, x):\n    pass\n",
    "assigned constant": "def a(self):\n    True = 1\n",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_gets_a_verdict(source: str) -> None:
    verdict = review(source)
    assert verdict.findings or verdict.accepted
    assert all(finding.line >= 1 for finding in verdict.findings)


@pytest.mark.parametrize(
    "name",
    [
        "broken break",
        "two of one name",
        "return outside",
        "assigned constant",
        "not Python",
        "null",
        "fenced",
    ],
)
def test_what_cannot_be_compiled_is_refused(name: str) -> None:
    assert not review(HOSTILE[name]).accepted


def test_many_ways_through_a_method_end_in_a_verdict() -> None:
    tests = "".join(
        f"    if p{n}:\n        f{n} = True\n    else:\n        f{n} = False\n" for n in range(40)
    )
    uses = "".join(f"    if f{n}:\n        self.n = {n}\n" for n in range(40))
    parameters = ", ".join(f"p{n}=None" for n in range(20))
    source = f"def a(self, {parameters}):\n{tests}{uses}"
    assert not review(source).accepted


def test_nested_loops_end_in_a_verdict() -> None:
    loops = "".join("    " * n + f"for x{n} in self.rows:\n" for n in range(1, 12))
    body = "    " * 12 + "self.rows.append(x1)\n"
    verdict = review(f"def a(self):\n{loops}{body}")
    assert verdict.findings or verdict.repaired


def test_statements_of_both_trees_have_the_same_lines() -> None:
    source = (
        "def a(self):\n    x = 1; y = 2\n    if x: y = 3\n    elif y:\n        try:\n            pass\n"
        "        except ValueError:\n            pass\n        else:\n            pass\n"
        "        finally:\n            pass\n"
        "    match x:\n        case 1:\n            pass\n"
    )
    reading = read(source)
    lines = sorted(reading.lines.values())
    expected = sorted(
        node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt | ast.ExceptHandler)
    )
    assert lines == expected


SAME = [
    "def a(self,x):\n  return x+1",
    'def a(self, x):\n    """Add one."""\n    # so\n    return (x + 1)\n',
    "def a(self, x): return x + 0x1",
]
OTHER = [
    "def a(self, x):\n    return x + 2\n",
    "def a(self, y):\n    return y + 1\n",
    "def a(self, x):\n    return x + 1.0\n",
]


def test_tree_hash_sees_through_formatting_comments_and_docstring() -> None:
    assert len({tree_hash(source) for source in SAME}) == 1
    assert len({tree_hash(source) for source in [SAME[0], *OTHER]}) == 4


def test_tree_hash_is_a_sha256_and_the_one_of_the_review() -> None:
    assert len(tree_hash(SAME[0])) == len(hashlib.sha256().hexdigest())
    assert review(SAME[0]).tree_hash == tree_hash(SAME[1])


def test_tree_hash_of_no_tree_is_empty() -> None:
    assert tree_hash("def a(") == ""


def test_review_names_selector_and_parameters() -> None:
    verdict = review("def deposit_(self, amount, note=None, *, at=0):\n    return amount\n")
    assert (verdict.selector, verdict.parameters) == ("deposit_", ("amount", "note", "at"))
