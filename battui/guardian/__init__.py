"""The guardian: what generated code may be."""

from battui.guardian.certificate import certify, verify
from battui.guardian.expectation import check_expectation
from battui.guardian.hashing import tree_hash
from battui.guardian.review import review
from battui.guardian.rules import ALL_RULES, COVENANT_ONLY, INPLACE_ONLY, Rules

__all__ = [
    "ALL_RULES",
    "COVENANT_ONLY",
    "INPLACE_ONLY",
    "Rules",
    "certify",
    "check_expectation",
    "review",
    "tree_hash",
    "verify",
]
