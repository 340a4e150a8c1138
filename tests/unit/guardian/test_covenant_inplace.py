"""Classes that people wrote: only what ZODB cannot see needs the signal."""

from __future__ import annotations

from textwrap import dedent

import pytest

from battui.guardian import COVENANT_ONLY, INPLACE_ONLY, Rules, review

KEPT = {
    "assignment": "self._n = x",
    "augmented assignment": "self.n += x",
    "deletion": "del self.n",
    "change put back": "rows = self.rows\n    rows.append(x)\n    self.rows = rows",
    "change of a fresh value": "self.rows = []\n    self.rows.append(x)",
    "volatile": "self._v_cache[x] = 1",
    "other object": "x.n = 1",
    "number for a signal": "self.rows.append(x)\n    self._p_changed = 1",
    "signal through setattr": "self.rows.append(x)\n    setattr(self, '_p_changed', True)",
    "call of a function that reads": "render(self.rows)",
    "call of a function that answers": "y = update(self.rows)",
    "web request": "self.REQUEST.form['n'] = x",
    "web response by another name": "headers = self.request.response.headers\n    headers['n'] = x",
}


@pytest.mark.parametrize("body", KEPT.values(), ids=KEPT.keys())
def test_what_zodb_sees_needs_no_signal(body: str) -> None:
    assert review(f"def change(self, x):\n    {body}\n", rules=INPLACE_ONLY, repair=False).accepted


def test_a_web_request_as_a_parameter_is_no_part_of_the_database() -> None:
    source = "def change(self, REQUEST=None):\n    REQUEST.form['n'] = 1\n"
    assert review(source, rules=INPLACE_ONLY, repair=False).accepted
    assert not review(source, rules=Rules(), repair=False).accepted


BROKEN = {
    "append": "self._rows.append(x)",
    "private name": "self.__rows.append(x)",
    "other slot assigned": "self.rows.append(x)\n    self.n = 1",
    "item": "self.table[x] = 1",
    "own dictionary": "self.__dict__['n'] = x",
    "signal taken back": "self.rows.append(x)\n    self._p_changed = 0",
    "function that changes": "insort(self.rows, x)",
    "module's function that changes": "heapq.heappush(self.rows, x)",
    "unknown function called for its effect": "update_rows(self.rows, x)",
    "method of an operator": "rows = self._rows.__iadd__(x)",
    "method of an operator by its answer": "self._rows.__ior__(x).pop()",
    "getter": "self.getRows().append(x)",
    "commit between": "self._p_changed = True\n    transaction.commit()\n    self.rows.append(x)",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_what_zodb_cannot_see_needs_the_signal(body: str) -> None:
    assert not review(f"def change(self, x):\n    {body}\n", rules=INPLACE_ONLY, repair=False).accepted


def test_repair_of_a_class_method_keeps_everything_else() -> None:
    source = dedent(
        """
        @protected
        def change(self, *names, **options):
            import re
            for name in names:
                self._rows.append(re.sub('a', 'b', name))
            return len(names)
        """
    )
    verdict = review(source, rules=INPLACE_ONLY)
    assert verdict.accepted
    assert verdict.source == source.replace("    return", "    self._p_changed = True\n    return")


def test_plain_parts_are_signalled_by_their_owner() -> None:
    source = "def change(self, x):\n    self.config.n = x\n    self.config.rows.append(x)\n    self._p_changed = 1\n"
    assert review(source, rules=COVENANT_ONLY, repair=False).accepted
    assert not review(
        source.replace("    self._p_changed = 1\n", ""), rules=COVENANT_ONLY, repair=False
    ).accepted


def test_generated_code_owes_a_signal_for_each_assignment_where_classes_do_not() -> None:
    source = "def change(self, x):\n    self.n = x\n"
    assert not review(source, rules=COVENANT_ONLY, repair=False).accepted
    assert review(source, rules=INPLACE_ONLY, repair=False).accepted
