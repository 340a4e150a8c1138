"""On methods made at random: repair keeps behaviour, and what is accepted keeps the covenant when it runs."""

from __future__ import annotations

import copy
from itertools import chain
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from battui.guardian import COVENANT_ONLY, review

CHANGES = [
    "self.n = x", "self.n += 1", "self.rows.append(x)", "self.rows.pop()", "del self.table[x]", "self.table[x] = y",
    "self.table.setdefault(x, []).append(y)", "y = self.rows", "y.append(x)", "y = self.table.get(x, [])",
    "y = list(self.rows)", "y = sorted(self.rows)", "z = self.rows.append", "z(x)", "self.rows.remove(x)",
    "self.rows += [x]", "self.rows[0] = x", "(lambda: self.rows.append(x))()", "y, x = self.rows, 1",
    "self.rows.extend(int(q) for q in [1, 'a', 2])", "go(x)", "[y.append(q) for q in [1]]", "x = self.rows.pop()",
    "y = self.table.setdefault(1, [])", "self._p_changed = True", "flag = True", "flag = False", "n = n + 1", "n = 0",
    "x = x + 1", "pass", "print(x)", "x = 1 / x",
]  # fmt: skip
TESTS = [
    "x", "x > 1", "flag", "not flag", "n", "n > 0", "n == 0", "self.rows", "len(self.rows) > 2",
    "x in self.table", "y",
    "self.rows and self.rows.pop()", "flag or self.rows.pop()", "y is None", "y is not None",
]  # fmt: skip
LEAVINGS = ["return x", "return", "return self.rows.pop()", "raise ValueError(x)", "return len(self.rows)"]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _compound(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    body = st.lists(inner, min_size=1, max_size=3).map(lambda parts: list(chain.from_iterable(parts)))
    test = st.sampled_from(TESTS)
    # `break` and `continue` would be no Python outside a loop: they come inside the loops only.
    ending = st.sampled_from(
        [[], ["break"], ["continue"], ["if flag:", "    break"], ["if n:", "    continue"]]
    )
    return st.one_of(
        st.builds(lambda t, a: [f"if {t}:", *_indented(a)], test, body),
        st.builds(lambda t, a, b: [f"if {t}:", *_indented(a), "else:", *_indented(b)], test, body, body),
        st.builds(lambda a, e: ["for x in [0, 1, 2]:", *_indented(a + e)], body, ending),
        st.builds(lambda a, e: ["for y in list(self.lists):", *_indented(a + e)], body, ending),
        st.builds(
            lambda a, e, b: ["for x in self.few:", *_indented(a + e), "else:", *_indented(b)], body, ending, body
        ),
        st.builds(lambda t, a, e: ["while tick():", f"    if {t}:", *_indented(_indented(a)), *_indented(e)],
                  test, body, ending),
        st.builds(lambda a, b: ["try:", *_indented(a), "except ZeroDivisionError:", *_indented(b)], body, body),
        st.builds(lambda a, b: ["try:", *_indented(a), "except Exception:", *_indented(b)], body, body),
        st.builds(lambda a, b, c: ["try:", *_indented(a), "except KeyError:", *_indented(b), "else:", *_indented(c)],
                  body, body, body),
        st.builds(lambda a, b: ["try:", *_indented(a), "finally:", *_indented(b)], body, body),
        st.builds(lambda a, b: ["match x:", "    case 1:", *_indented(_indented(a)), "    case q if q:",
                                *_indented(_indented(b))], body, body),
    )  # fmt: skip


SIMPLE = st.one_of(st.sampled_from(CHANGES), st.sampled_from(LEAVINGS)).map(lambda line: [line])
PIECES = st.recursive(st.sampled_from(CHANGES).map(lambda line: [line]) | SIMPLE, _compound, max_leaves=8)


@st.composite
def methods(draw: st.DrawFn) -> str:
    """One method whose text is legal Python; it may raise, change state, and signal or not."""
    inner = draw(st.sampled_from(["self.rows.append(q)", "return self.rows", "q = 1"]))
    start = ["flag = False", "n = 0", "y = None", "z = print", "def go(q):", f"    {inner}"]
    body = list(chain.from_iterable(draw(st.lists(PIECES, min_size=1, max_size=4))))
    return "\n".join(["def change(self, x):", *_indented(start + body)]) + "\n"


class Thing:
    """An object like those of the image, and whether it has signalled."""

    def __init__(self) -> None:
        self.n = 3
        self.rows = [1, 2, 3]
        self.table = {0: [], 1: [1]}
        self.lists: list[list[int]] = [[], [1]]
        self.few = [1]

    def state(self) -> dict[str, Any]:
        return copy.deepcopy({name: value for name, value in vars(self).items() if name != "_p_changed"})


def _run(source: str, x: int) -> tuple[dict[str, Any], dict[str, Any], str, bool]:
    """State before and after, how it ended, and whether it signalled."""
    turns = iter([True] * 3)
    names: dict[str, Any] = {"print": lambda *_: None, "tick": lambda: next(turns, False)}
    exec(compile(source, "<method>", "exec"), names)
    thing = Thing()
    before = thing.state()
    try:
        ended = f"returned {names['change'](thing, x)!r}"
    except Exception as error:
        ended = f"raised {type(error).__name__}"
    return before, thing.state(), ended, getattr(thing, "_p_changed", False)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(methods(), st.integers(0, 2))
def test_what_is_accepted_signals_whenever_it_changes_state(source: str, x: int) -> None:
    verdict = review(source, rules=COVENANT_ONLY)
    if not verdict.accepted:
        return
    before, after, ended, signalled = _run(verdict.source, x)
    assert signalled or repr(before) == repr(after) or ended.startswith("raised"), verdict.source


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(methods(), st.integers(0, 2))
def test_repair_keeps_result_state_and_exception(source: str, x: int) -> None:
    verdict = review(source, rules=COVENANT_ONLY)
    assert verdict.accepted, source
    # As texts: a method may put a list into itself, and such lists cannot be compared.
    assert repr(_run(source, x)[1:3]) == repr(_run(verdict.source, x)[1:3])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(methods())
def test_repair_is_idempotent_and_only_adds_lines(source: str) -> None:
    verdict = review(source, rules=COVENANT_ONLY)
    again = review(verdict.source, rules=COVENANT_ONLY)
    assert (again.accepted, again.repaired, again.source) == (True, False, verdict.source)
    added = [line for line in verdict.source.splitlines() if line.strip() != "self._p_changed = True"]
    assert added == [line for line in source.splitlines() if line.strip() != "self._p_changed = True"]


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_a_verdict(source: str) -> None:
    verdict = review(source)
    assert verdict.accepted or verdict.errors


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(methods(), st.data())
def test_any_damaged_source_gets_a_verdict(source: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(source)))
    length = data.draw(st.integers(0, 12))
    damaged = source[:at] + data.draw(st.text(max_size=6)) + source[at + length :]
    verdict = review(damaged)
    assert verdict.accepted or verdict.errors
