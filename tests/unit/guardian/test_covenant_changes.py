"""What counts as a change of state, one construct a row: the row is refused, and repaired by a signal at its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from battui.guardian import review

CHANGES = {
    "assignment": "self.n = 1",
    "assignment to several": "self.n = self.m = x",
    "augmented assignment": "self.n += 1",
    "annotated assignment": "self.n: int = 1",
    "tuple target": "self.n, y = x, 1",
    "list target": "[self.n, y] = x, 1",
    "nested target": "(self.n, [y, z]) = x",
    "starred target": "y, *self.rest = x",
    "item assignment": "self.rows[0] = x",
    "slice assignment": "self.rows[1:] = [x]",
    "nested item": "self.table['a']['b'] = x",
    "item augmented": "self.counts[x] += 1",
    "in-place concatenation": "self.rows += [x]",
    "attribute deleted": "del self.n",
    "item deleted": "del self.rows[0]",
    "slice deleted": "del self.rows[:]",
    "several deleted": "del x, self.rows[0]",
    "append": "self.rows.append(x)",
    "extend": "self.rows.extend([x])",
    "insert": "self.rows.insert(0, x)",
    "remove": "self.rows.remove(x)",
    "pop": "self.rows.pop()",
    "sort": "self.rows.sort()",
    "reverse": "self.rows.reverse()",
    "clear": "self.rows.clear()",
    "update": "self.table.update({'a': x})",
    "setdefault": "self.table.setdefault('a', x)",
    "popitem": "self.table.popitem()",
    "add to a set": "self.seen.add(x)",
    "discard": "self.seen.discard(x)",
    "set update": "self.seen.intersection_update([x])",
    "deque": "self.queue.appendleft(x)",
    "in a nested value": "self.table['a'].append(x)",
    "behind get": "self.table.get('a', []).append(x)",
    "behind setdefault": "self.table.setdefault('a', []).append(x)",
    "behind values": "list(self.table.values())[0].append(x)",
    "what a message answers and nobody keeps": "self.rows_().append(x)",
    "method of the type": "list.append(self.rows, x)",
    "method of the dictionary type": "dict.update(self.table, a=x)",
    "map of a bound method": "list(map(self.rows.append, [x]))",
    "in a comprehension": "[self.rows.append(y) for y in [x]]",
    "in a generator expression": "any(self.rows.append(y) for y in [x])",
    "in the condition of a comprehension": "y = [1 for z in [x] if self.rows.pop()]",
    "in a lambda that is called": "(lambda: self.rows.append(x))()",
    "in an f-string": "y = f'{self.rows.pop()}'",
    "in an argument": "print(self.rows.pop())",
    "in a subscript": "y = [1][self.rows.pop()]",
    "in a dictionary": "y = {'a': self.rows.pop()}",
    "in a slice": "y = x[self.rows.pop():]",
    "in a comparison": "y = 0 < self.rows.pop() < 3",
    "in and": "x and self.rows.append(x)",
    "in or": "x or self.rows.clear()",
    "in a conditional expression": "y = self.rows.pop() if x else None",
    "in an unpacked argument": "print(*self.rows.pop())",
    "in an assertion": "assert self.rows.pop()",
    "walrus": "print(y := self.rows.pop())",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_change_is_refused_without_its_signal(statement: str, refuses: Callable[[str], object]) -> None:
    refuses(f"def change(self, x):\n    {statement}\n")


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_change_is_accepted_with_its_signal(statement: str, accepts: Callable[[str], object]) -> None:
    accepts(f"def change(self, x):\n    {statement}\n    self._p_changed = True\n")


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_change_is_repaired_by_a_signal_after_it(statement: str, repairs: Callable[[str, str], None]) -> None:
    before = f"def change(self, x):\n    {statement}\n"
    repairs(before, before + "    self._p_changed = True\n")


READINGS = {
    "read": "return self.n + x",
    "sorted copy": "return sorted(self.rows)",
    "copy then sort": "y = list(self.rows)\n    y.sort()\n    return y",
    "slice then append": "y = self.rows[:]\n    y.append(x)\n    return y",
    "copy method": "y = self.table.copy()\n    y['a'] = x\n    return y",
    "sum of lists": "y = self.rows + [x]\n    y.append(x)\n    return y",
    "comprehension": "y = [z for z in self.rows]\n    y.append(x)\n    return y",
    "copied rows": "y = [dict(z) for z in self.rows]\n    y[0]['n'] = x\n    return y",
    "dictionary comprehension": "y = {k: v for k, v in self.table.items()}\n    y['a'] = x\n    return y",
    "fresh list": "y = []\n    y.append(x)\n    return y",
    "fresh dictionary": "y = {}\n    y['a'] = x\n    return y",
    "text": "y = self.name.upper()\n    y += 'a'\n    return y",
    "number": "y = self.n\n    y += 1\n    return y",
    "argument": "x.append(1)\n    x['a'] = 2\n    return x",
    "message": "return self.deposit_(x)",
    "message to another": "return x.deposit_(self.rows)",
    "message to an object in a slot": "return self.account.deposit_(x)",
    "keys": "y = list(self.table)\n    y.sort()\n    return y",
    "reversed": "return list(reversed(self.rows))",
    "joined": "return ', '.join(self.names)",
    "lambda that reads": "return sorted(self.rows, key=lambda y: y['n'])",
    "lambda that is not called": "y = lambda: self.rows.append(x)",
    "function that is not called": "def go():\n        self.rows.append(x)\n    return 1",
    "comprehension variable": "return [self.n for self_ in x]",
    "json": "y = json.loads(self.text)\n    y['a'] = x\n    return y",
    "raise after a change": "self.n = x\n    raise ValueError('no')",
}


@pytest.mark.parametrize("body", READINGS.values(), ids=READINGS.keys())
def test_reading_needs_no_signal(body: str, accepts: Callable[[str], object]) -> None:
    accepts(f"def read(self, x):\n    {body}\n")


def test_signal_before_the_change_counts_and_is_a_matter_of_style(accepts: Callable[[str], object]) -> None:
    verdict = review("def change(self):\n    self._p_changed = True\n    self.n = 1\n", repair=False)
    assert verdict.accepted
    assert [(one.rule, one.line, one.severity) for one in verdict.findings] == [("covenant", 3, "style")]


def test_finding_says_where_the_change_is_where_it_leaves_and_what_to_write() -> None:
    verdict = review("def change(self, x):\n    self.rows.append(x)\n    return x\n", repair=False)
    (finding,) = verdict.findings
    assert finding.line == 2
    assert "return on line 3" in finding.message
    assert finding.remedy == "Write self._p_changed = True after the change, before that return."
