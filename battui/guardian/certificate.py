"""The proof kept with a method, and how it is checked again without a model or a cell."""

from __future__ import annotations

from battui.contracts.errors import GuardianRefused
from battui.contracts.offered import offered
from battui.contracts.review import Certificate, Finding, Review, TrialRecord
from battui.guardian.hashing import tree_hash
from battui.guardian.review import review
from battui.guardian.rules import ALL_RULES


def certify(accepted: Review, trials: tuple[TrialRecord, ...] = ()) -> Certificate:
    """The certificate of an accepted review. Raises GuardianRefused where it was not accepted."""
    if not accepted.accepted:
        raise GuardianRefused(
            "a refused source gets no certificate", about=accepted.selector, remedy="Repair it first."
        )
    return Certificate(offered().ruleset, accepted.tree_hash, ALL_RULES.names, trials)


def verify(source: str, certificate: Certificate) -> tuple[Finding, ...]:
    """What is wrong with a kept method: nothing, where the tuple is empty.

    The ruleset must be the present one, the source the one that was certified, and it must still pass every rule.
    """
    return (*_mismatches(source, certificate), *review(source, repair=False).errors)


def _mismatches(source: str, certificate: Certificate) -> list[Finding]:
    findings = []
    if certificate.ruleset != offered().ruleset:
        findings.append(
            Finding(
                "certificate",
                1,
                f"certified under ruleset {certificate.ruleset}, the present one is {offered().ruleset}",
                "Review and try the method again.",
            )
        )
    if certificate.tree_hash != tree_hash(source) or not certificate.tree_hash:
        findings.append(
            Finding(
                "certificate",
                1,
                "this is not the source that was certified",
                "Restore it, or review it again.",
            )
        )
    missing = [name for name in ALL_RULES.names if name not in certificate.rules]
    if missing:
        findings.append(
            Finding("certificate", 1, f"not certified for: {', '.join(missing)}", "Review the method again.")
        )
    findings += [
        Finding(
            "certificate",
            1,
            f"the trial {trial.case!r} had failed: {trial.outcome}",
            "Let it be written again.",
        )
        for trial in certificate.trials
        if not trial.passed
    ]
    return findings
