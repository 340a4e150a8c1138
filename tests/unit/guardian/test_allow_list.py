"""What generated source may name and do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from battui.contracts.offered import offered
from battui.guardian import Rules, review

ALLOW_ONLY = Rules(covenant="off")

ALLOWED = {
    "arithmetic": "return (x + 1) * 2 ** 3 // 4 % 5 - -x",
    "comparisons": "return 1 < x <= 3 and x is not None or not x in (1, 2)",
    "bits": "return x & 1 | 2 ^ 3 << 2 >> 1",
    "text": "return f'{x:>10} {x!r} {x:{x}}' 'b' r'c'",
    "percent": "return '%5.2f of %s' % (x, 'a')",
    "comprehensions": "return [a for a in x if a], {a for a in x}, {a: 1 for a in x}, sum(a for a in x)",
    "nested function": "def inner(a, b=1):\n        return a + b\n    return inner(x)",
    "first match": "return next((a for a in iter(x) if a > 1), None)",
    "lambda": "return sorted(x, key=lambda a: (a[0], -a[1]))",
    "unpacking": "a, *b = x\n    return [*b, a], {**x}",
    "slices": "return x[1:2:3], x[-1], x[:, 1]",
    "loops": """for a in x:
        if a:
            continue
        break
    else:
        pass
    while x:
        x -= 1""",
    "exceptions": """try:
        return int(x)
    except (ValueError, TypeError) as error:
        raise KeyError(str(error)) from error
    finally:
        pass""",
    "match": """match x:
        case [1, *a]:
            return a
        case {'a': b, **c}:
            return b
        case str() | None:
            return 1
        case int(d) if d > 1:
            return d
        case _:
            return 0""",
    "walrus": "if (a := x) > 1:\n        return a",
    "throwaway name": "for _ in range(3):\n        print(x)",
    "facades": "return math.floor(math.pi), statistics.mean(x), re.findall('a', x), json.loads(x)",
    "dates": "return datetime.datetime.now().isoformat(), datetime.timedelta(days=1)",
    "parameter named like a builtin": "list = x\n    return list",
    "parts of a local named like a facade": "json = x\n    json.loads['a'] = 1\n    return json",
    "an encoding that changes nothing": "# -*- coding: utf-8 -*-\n    return x",
    "local named like a facade": "math = x\n    return math.anything",
    "annotation": "a: int = 1\n    return a",
    "assert": "assert x, 'no'",
    "messages": "return self.account.deposit_(amount=x)",
    "ellipsis": "...",
}


@pytest.mark.parametrize("body", ALLOWED.values(), ids=ALLOWED.keys())
def test_plain_python_is_allowed(body: str) -> None:
    verdict = review(f"def method(self, x):\n    {body}\n", rules=ALLOW_ONLY)
    assert verdict.accepted, [str(finding) for finding in verdict.findings]


@pytest.mark.parametrize("name", sorted(offered().builtins | offered().exceptions))
def test_every_offered_name_is_allowed(name: str) -> None:
    assert review(f"def method(self):\n    return {name}\n", rules=ALLOW_ONLY).accepted


@pytest.mark.parametrize("module", sorted(offered().facades))
def test_every_offered_attribute_of_a_facade_is_allowed_and_no_other(module: str) -> None:
    for name in offered().facades[module]:
        assert review(f"def method(self):\n    return {module}.{name}\n", rules=ALLOW_ONLY).accepted
    assert not review(f"def method(self):\n    return {module}.anything_else\n", rules=ALLOW_ONLY).accepted


FORMS = {
    "two functions": "def a(self):\n    pass\ndef b(self):\n    pass\n",
    "a statement before": "x = 1\ndef a(self):\n    pass\n",
    "no function": "x = 1\n",
    "nothing": "",
    "a comment": "# def a(self): pass\n",
    "no self": "def a(x):\n    pass\n",
    "no parameter": "def a():\n    pass\n",
    "self by keyword": "def a(*, self):\n    pass\n",
    "self by position only": "def a(self, /):\n    pass\n",
    "self with default": "def a(self=1):\n    pass\n",
    "varargs": "def a(self, *x):\n    pass\n",
    "keywords": "def a(self, **x):\n    pass\n",
    "mutable default": "def a(self, x=[]):\n    pass\n",
    "default that calls": "def a(self, x=print()):\n    pass\n",
    "default that is a name": "def a(self, x=print):\n    pass\n",
    "many parameters": f"def a(self, {', '.join(f'p{n}' for n in range(30))}):\n    pass\n",
    "underscore name": "def _a(self):\n    pass\n",
    "underscore parameter": "def a(self, _x):\n    pass\n",
    "async": "async def a(self):\n    pass\n",
    "decorator": "@print\ndef a(self):\n    pass\n",
    "a class": "class A:\n    def a(self):\n        pass\n",
    "a lambda": "a = lambda self: 1\n",
}


@pytest.mark.parametrize("source", FORMS.values(), ids=FORMS.keys())
def test_anything_but_one_plain_method_is_refused(source: str) -> None:
    assert not review(source).accepted


SIGNALS = {
    "number": "self._p_changed = 1",
    "false": "self._p_changed = False",
    "none": "self._p_changed = None",
    "several targets": "self.n = self._p_changed = True",
    "the other order": "self._p_changed = self.n = True",
    "annotated": "self._p_changed: bool = True",
    "augmented": "self._p_changed |= True",
    "in a tuple": "self._p_changed, a = True, 1",
    "deleted": "del self._p_changed",
    "read": "return self._p_changed",
    "in a loop": "for self._p_changed in [True]:\n        pass",
    "as a walrus of a name": "_p_changed = True",
    "another attribute of that kind": "self._p_jar = True",
}


@pytest.mark.parametrize("statement", SIGNALS.values(), ids=SIGNALS.keys())
def test_signal_has_one_form(statement: str) -> None:
    assert not review(f"def method(self):\n    {statement}\n", rules=ALLOW_ONLY).accepted


@pytest.mark.parametrize("owner", ["self", "other", "self.account", "other.rows[0]"])
def test_signal_may_be_given_to_any_object(owner: str) -> None:
    assert review(f"def method(self, other):\n    {owner}._p_changed = True\n", rules=ALLOW_ONLY).accepted


SIZES = {
    "characters": "x = '" + "a" * 25_000 + "'",
    "lines": "\n    ".join(["x = 1"] * 500),
    "nodes": "\n    ".join(["x = [" + "1, " * 100 + "]"] * 60),
    "long text": "x = '" + "a" * 5_000 + "'",
    "brackets": "x = " + "[" * 60 + "]" * 60,
    "operators": "x = " + "-" * 60 + "1",
    "sum": "x = " + "+".join(["1"] * 90),
    "blocks": "".join("    " * n + "if x:\n" for n in range(1, 20))[4:] + "    " * 20 + "pass",
    "digits": "x = " + "9" * 60,
    "power": "x = 10 ** 10 ** 10",
    "power by variable base": "x = self.n ** 100000",
    "power in place": "self.n **= 100000",
    "pow": "x = pow(self.n, 100000)",
    "shift": "x = 1 << 100000",
    "repeated text": "x = 'a' * 1000000000",
    "repeated list": "x = [0] * 10 ** 9",
    "wide format": "x = f'{1:>1000000000}'",
    "wide format in escapes": "x = f'{1:>\\x31\\x30\\x30\\x30\\x30\\x30}'",
    "wide percent": "x = '%1000000000d' % 1",
    "format in a format in a format": "x = f'{1:{2:{3}}}'",
}


@pytest.mark.parametrize("body", SIZES.values(), ids=SIZES.keys())
def test_what_is_too_large_is_refused(body: str) -> None:
    verdict = review(f"def method(self, x):\n    {body}\n", rules=ALLOW_ONLY)
    assert not verdict.accepted
    # Some Pythons have no word for a format within a format within a format.
    assert {finding.rule for finding in verdict.errors} <= {"size", "literal", "syntax"}


@pytest.mark.parametrize(
    "body", ["return self.shelf[0]", "def top(a):\n        return a\n    return top(self.x)"]
)
def test_a_method_may_be_called_top(accepts: Callable[[str], object], body: str) -> None:
    accepts(f"def top(self):\n    {body}\n")


def test_a_method_that_is_called_top_reaches_nothing_more() -> None:
    assert not review("def top(self, x):\n    return open(x)\n").accepted
    assert not review("def top(self, x):\n    global open\n    open = x\n    return open\n").accepted


def test_long_elif_chain_is_not_deep(accepts: Callable[[str], object]) -> None:
    branches = "".join(f"    elif x == {n}:\n        y = {n}\n" for n in range(40))
    accepts(f"def method(self, x):\n    y = 0\n    if x is None:\n        y = 1\n{branches}    return y\n")


def test_findings_are_in_order_and_say_what_to_write_instead() -> None:
    source = "def method(self):\n    import os\n    x = open('a')\n    return getattr(x, 'read')\n"
    findings = review(source).findings
    assert [finding.line for finding in findings] == sorted(finding.line for finding in findings)
    assert all(finding.remedy for finding in findings)
    assert {(finding.rule, finding.line) for finding in findings} == {
        ("construct", 2),
        ("name", 3),
        ("name", 4),
    }


def test_number_of_findings_is_bounded() -> None:
    source = "def method(self):\n" + "".join(f"    eval('{n}')\n" for n in range(200))
    assert len(review(source).findings) <= 20
