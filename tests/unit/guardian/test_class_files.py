"""Whole files of classes: which methods are found, which slots look after themselves, what repair leaves alone."""

from __future__ import annotations

from textwrap import dedent

from battui.guardian import ALL_RULES, COVENANT_ONLY, Rules
from battui.guardian.files import review_file

SOURCE = dedent(
    '''
    """A module."""
    from BTrees.OOBTree import OOBTree as Tree
    from persistent import Persistent
    from persistent.list import PersistentList

    LIMIT = 10


    class Base(Persistent):
        def __init__(self):
            self.index = Tree()
            self.log = PersistentList()
            self.rows = []

        def put(self, key, value):  # kept by the tree
            self.index[key] = value
            self.log.append(key)


    class Inner(Base):
        class Deeper:
            def add(self, row):
                """Add a row."""
                self.rows.append(row)
                return row   # odd  spacing

        if LIMIT:
            def count(self):
                return len(self.rows)

        def relog(self):
            self.index['a'] = 1

        def add(self, row):
            if row:
                self.rows.append(row)

        @staticmethod
        def make(rows):
            rows.append(1)


    def helper(rows):
        rows.append(1)
    '''
)


def test_every_method_is_checked_at_any_depth() -> None:
    verdict = review_file(SOURCE)
    lines = SOURCE.splitlines()
    assert verdict.methods == 6
    assert not verdict.accepted
    assert {lines[finding.line - 1].strip() for finding in verdict.findings} == {"self.rows.append(row)"}
    assert len(verdict.findings) == 2


def test_repair_adds_signals_and_nothing_else() -> None:
    verdict = review_file(SOURCE)
    repaired = (verdict.repaired or "").splitlines()
    assert [line for line in repaired if "_p_changed" not in line] == SOURCE.splitlines()
    places = [index for index, line in enumerate(repaired) if line.strip() == "self._p_changed = True"]
    assert [repaired[index - 1].strip() for index in places] == ["self.rows.append(row)"] * 2
    assert verdict.repaired_accepted
    assert review_file(verdict.repaired or "").accepted


def test_slot_that_is_also_a_plain_list_is_not_trusted() -> None:
    source = SOURCE.replace("self.index['a'] = 1", "self.index = {}")
    findings = review_file(source).findings
    assert "self.index[key] = value" in {
        source.splitlines()[finding.line - 1].strip() for finding in findings
    }


def _lines_of(rules: Rules, rule: str) -> set[str]:
    lines = SOURCE.splitlines()
    findings = review_file(SOURCE, rules=rules).findings
    return {lines[finding.line - 1].strip() for finding in findings if finding.rule == rule}


def test_strict_covenant_asks_for_every_assignment() -> None:
    assert "self.index = Tree()" in _lines_of(COVENANT_ONLY, "covenant")


def test_allow_list_findings_have_the_lines_of_the_file() -> None:
    expected = {"def __init__(self):", "self.index = Tree()", "self.log = PersistentList()"}
    assert _lines_of(ALL_RULES, "name") == expected


def test_one_function_is_taken_for_generated_code() -> None:
    assert {finding.rule for finding in review_file("def a(self):\n    self.n = open('a')\n").findings} == {
        "covenant",
        "name",
    }


def test_file_that_does_not_parse_is_refused() -> None:
    verdict = review_file("class A:\n    def a(self:\n")
    assert [finding.rule for finding in verdict.findings] == ["syntax"]


def test_file_without_methods_is_accepted() -> None:
    assert review_file("x = 1\n").accepted
