"""Other names for own state: a change through any of them is a change of the object."""

from __future__ import annotations

from collections.abc import Callable

import pytest

ALIASES = {
    "alias": ["y = self.rows", "y.sort()"],
    "alias of an alias": ["y = self.rows", "z = y", "z.append(x)"],
    "alias of a part": ["y = self.rows[0]", "y['n'] = x"],
    "by tuple": ["y, z = self.rows, 1", "y.append(x)"],
    "unpacked from own state": ["y, z = self.rows", "y.append(x)"],
    "starred": ["y, *z = self.rows", "z[0]['n'] = x"],
    "walrus": ["if (y := self.rows):", "    y.append(x)"],
    "or": ["y = self.rows or []", "y.append(x)"],
    "conditional": ["y = self.rows if x else []", "y.append(x)"],
    "loop variable": ["for row in self.rows:", "    row['n'] += 1"],
    "enumerated": ["for i, row in enumerate(self.rows):", "    row['n'] = i"],
    "zipped": ["for row, y in zip(self.rows, x):", "    row['n'] = y"],
    "reversed": ["for row in reversed(self.rows):", "    row.clear()"],
    "sorted copy, same rows": ["for row in sorted(self.rows):", "    row['n'] = x"],
    "list copy, same rows": ["y = list(self.rows)", "y[0]['n'] = x"],
    "sliced copy, same rows": ["y = self.rows[1:]", "y[0]['n'] = x"],
    "filtered, same rows": ["for row in filter(None, self.rows):", "    row['n'] = x"],
    "chosen by comprehension": ["y = [row for row in self.rows if row]", "y[0]['n'] = x"],
    "items": ["for k, row in self.table.items():", "    row['n'] = k"],
    "values": ["for row in self.table.values():", "    row['n'] = x"],
    "largest": ["y = max(self.rows, key=lambda row: row['n'])", "y['n'] = x"],
    "got": ["y = self.table.get('a')", "if y is not None:", "    y.append(x)"],
    "set by default": ["y = self.table.setdefault('a', [])", "y.append(x)"],
    "in a fresh list": ["y = [self.rows]", "y[0].append(x)"],
    "in a fresh dictionary": ["y = {'rows': self.rows}", "y['rows'].append(x)"],
    "bound method": ["y = self.rows.append", "y(x)"],
    "bound method in a loop": ["y = self.rows.append", "for z in x:", "    y(z)"],
    "augmented alias": ["y = self.rows", "y += [x]"],
    "augmented alias of a list by its use": ["y = self.rows", "y += x", "print(len(y))"],
    "set alias": ["y = self.seen", "y |= {x}"],
    "self by another name": ["y = self", "y.n = x"],
    "with target": ["with x as self.n:", "    pass"],
    "with target by name": ["with self.rows as y:", "    y.append(x)"],
    "for target": ["for self.n in x:", "    pass"],
    "for target in own container": ["for self.table['a'] in x:", "    pass"],
    "local function": ["def go(y):", "    self.rows.append(y)", "go(x)"],
    "local function by argument": ["def go(rows):", "    rows.append(x)", "go(self.rows)"],
    "local function by answer": ["def go():", "    return self.rows", "go().append(x)"],
    "lambda by name": ["y = lambda z: self.rows.append(z)", "y(x)"],
    "lambda by argument": ["sorted(x, key=lambda z: self.rows.pop())"],
    "lambda over own rows": ["list(map(lambda row: row.clear(), self.rows))"],
    "default of a local function": ["def go(y, rows=self.rows):", "    rows.append(y)", "go(x)"],
    "default of a lambda": ["(lambda rows=self.rows: rows.append(x))()"],
    "put into a list": ["y = []", "y.append(self.rows)", "y[0].append(x)"],
    "put into a list in front": ["y = []", "y.insert(0, self.rows)", "y[0].append(x)"],
    "put into a dictionary": ["y = {}", "y['a'] = self.rows", "y['a'].append(x)"],
    "put into a dictionary of dictionaries": [
        "y = {'a': {}}",
        "y['a']['b'] = self.rows",
        "y['a']['b'].append(x)",
    ],
    "put into a list in a dictionary": ["y = {'a': []}", "y['a'].append(self.rows)", "y['a'][0].append(x)"],
    "put by extending": ["y = []", "y.extend([self.rows])", "y[0].append(x)"],
    "put by adding": ["y = []", "y += [self.rows]", "y[0].append(x)"],
    "put by adding to a member": ["y = {'a': []}", "y['a'] += [self.rows]", "y['a'][0].append(x)"],
    "put by a slice": ["y = [1]", "y[:] = [self.rows]", "y[0].append(x)"],
    "put by update": ["y = {}", "y.update({'a': self.rows})", "y['a'].append(x)"],
    "put by update with a keyword": ["y = {}", "y.update(a=self.rows)", "y['a'].append(x)"],
    "put by union": ["y = {}", "y |= {'a': self.rows}", "y['a'].append(x)"],
    "put by default": ["y = {}", "y.setdefault('a', self.rows)", "y['a'].append(x)"],
    "put by the type's method": ["y = []", "list.append(y, self.rows)", "y[0].append(x)"],
    "put by a local function": ["y = []", "def go():", "    y.append(self.rows)", "go()", "y[0].append(x)"],
    "put under many keys": ["y = dict.fromkeys(x, self.rows)", "y['a'].append(x)"],
    "put into a parameter": ["x.append(self.rows)", "x[0].append(1)"],
    "collected in a loop": [
        "y = []",
        "for row in self.rows:",
        "    if row['n'] > x:",
        "        y.append(row)",
        "for row in y:",
        "    row['n'] = x",
    ],
    "grouped in a loop": [
        "y = {}",
        "for row in self.rows:",
        "    y.setdefault(row['n'], []).append(row)",
        "y[x][0]['n'] = 0",
    ],
    "itself in a list": ["y = []", "y.append(self)", "y[0].n = x"],
    "taken out of a fresh list": ["y = [self.rows]", "y.pop().append(x)"],
    "taken out of a fresh dictionary": ["y = {'a': self.rows}", "y.pop('a').append(x)"],
    "got by default": ["y = {}.get('a', self.rows)", "y.append(x)"],
    "default that changes": ["def go(y=self.rows.pop()):", "    return y"],
    "default by keyword that changes": ["def go(*, y=self.rows.pop()):", "    return y"],
    "default of a lambda that changes": ["go = lambda y=self.rows.pop(): y"],
    "annotation that changes": ["def go(y: self.rows.pop()):", "    return y"],
    "annotation of the rest that changes": ["def go(*y: self.rows.pop()):", "    return y"],
    "annotated answer that changes": ["def go() -> self.rows.pop():", "    return x"],
    "keyword arguments": ["def go(a, b):", "    b.append(a)", "go(b=self.rows, a=x)"],
    "unpacked arguments": ["def go(a, b):", "    b.append(a)", "go(*[x, self.rows])"],
    "chain of functions": [
        "def a():", "    self.rows.append(x)", "def b():", "    a()", "def c():", "    b()", "def d():", "    c()",
        "def e():", "    d()", "def f():", "    e()", "def g():", "    f()", "def h():", "    g()", "h()",
    ],
    "sum of lists, same rows": ["y = self.rows + []", "y[0]['n'] = x"],
    "recursive function": [
        "def go(y):",
        "    if y:",
        "        self.rows.append(y)",
        "        go(y - 1)",
        "go(x)",
    ],
}  # fmt: skip


def _body(lines: list[str]) -> str:
    return "def change(self, x):\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize("lines", ALIASES.values(), ids=ALIASES.keys())
def test_change_through_another_name_is_refused(lines: list[str], refuses: Callable[[str], object]) -> None:
    refuses(_body(lines))


@pytest.mark.parametrize("lines", ALIASES.values(), ids=ALIASES.keys())
def test_change_through_another_name_is_accepted_with_its_signal(
    lines: list[str], accepts: Callable[[str], object]
) -> None:
    accepts(_body([*lines, "self._p_changed = True"]))


NO_ALIASES = {
    "rebound": ["y = self.rows", "y = list(y)", "y.append(x)"],
    "deleted": ["y = self.rows", "del y", "y = []", "y.append(x)"],
    "comprehension variable does not leak": ["y = []", "z = [y for y in self.rows]", "y.append(x)"],
    "parameter of a local function does not leak": [
        "y = []", "def go(y):", "    return len(y)", "go(self.rows)", "y.append(x)",
    ],
    "a number": ["total = self.total", "total += x"],
    "a number and more": ["total = self.total", "total += self.price * x", "total += self.a + self.b"],
    "a sum": ["total = 0", "for row in self.rows:", "    total += row['n']"],
    "what was copied": ["y = [list(row) for row in self.rows]", "y[0].append(x)"],
    "text in a loop": ["y = ''", "for name in self.names:", "    y += name"],
    "rows collected and sorted": ["y = []", "for row in self.rows:", "    y.append(row)", "y.sort()", "y.pop()"],
    "rows grouped and sorted": [
        "y = {}",
        "for row in self.rows:",
        "    y.setdefault(row['n'], []).append(row)",
        "for group in y.values():",
        "    group.sort()",
    ],
    "words counted": ["y = {}", "for word in self.words:", "    y[word] = y.get(word, 0) + 1"],
    "fresh dictionary of own keys": ["y = dict.fromkeys(self.names)", "y['a'] = 1"],
    "copy by the type's method": ["y = list.copy(self.rows)", "y.append(x)"],
    "numbers collected and added": ["y = []", "for n in self.numbers:", "    y.append(n)", "total = sum(y)"],
    "list parameter named like a builtin": ["list = []", "list.append(x)"],
}  # fmt: skip


@pytest.mark.parametrize("lines", NO_ALIASES.values(), ids=NO_ALIASES.keys())
def test_what_is_no_own_state_needs_no_signal(lines: list[str], accepts: Callable[[str], object]) -> None:
    accepts(_body(lines))
