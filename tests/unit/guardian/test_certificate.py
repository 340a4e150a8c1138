"""The certificate binds a source to the rules it passed, and is checked without a model or a cell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from battui.contracts.errors import GuardianRefused
from battui.contracts.offered import offered
from battui.contracts.review import Certificate, TrialRecord
from battui.guardian import certify, review, verify

SOURCE = "def add(self, x):\n    self.rows.append(x)\n    self._p_changed = True\n"
TRIALS = (TrialRecord("add(1)", True, "returned None"),)


@pytest.fixture
def certificate() -> Certificate:
    return certify(review(SOURCE), TRIALS)


def test_certificate_says_what_was_checked(certificate: Certificate) -> None:
    assert certificate.ruleset == offered().ruleset
    assert certificate.tree_hash == review(SOURCE).tree_hash
    assert certificate.rules == ("covenant", "allow")
    assert certificate.trials == TRIALS


def test_certified_source_verifies_however_it_is_formatted(certificate: Certificate) -> None:
    assert verify(SOURCE, certificate) == ()
    assert verify(SOURCE.replace("append(x)", "append( x )  # so"), certificate) == ()


def test_repaired_source_is_what_is_certified() -> None:
    verdict = review(SOURCE.replace("    self._p_changed = True\n", ""))
    assert verify(verdict.source, certify(verdict)) == ()


def test_refused_source_gets_no_certificate() -> None:
    with pytest.raises(GuardianRefused):
        certify(review("def a(self):\n    import os\n"))


def test_other_source_does_not_verify(certificate: Certificate) -> None:
    findings = verify(SOURCE.replace("append(x)", "append(1)"), certificate)
    assert [finding.rule for finding in findings] == ["certificate"]


def test_unreadable_source_does_not_verify(certificate: Certificate) -> None:
    assert verify("def (", certificate)
    assert verify("def (", replace(certificate, tree_hash=""))


@pytest.mark.parametrize(
    "forged",
    [
        {"ruleset": "0"},
        {"rules": ("allow",)},
        {"rules": ()},
        {"tree_hash": "0" * 64},
        {"trials": (TrialRecord("add(1)", False, "raised KeyError"),)},
    ],
)
def test_forged_certificate_does_not_verify(certificate: Certificate, forged: dict[str, object]) -> None:
    assert verify(SOURCE, replace(certificate, **forged))  # type: ignore[arg-type]


def test_rules_are_applied_again() -> None:
    source = "def a(self):\n    return open('a')\n"
    forged = Certificate(offered().ruleset, review(source).tree_hash, ("covenant", "allow"))
    assert [finding.rule for finding in verify(source, forged)] == ["name"]
