"""What the guardian says of a source, and the certificate that is kept with a method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "style"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the guardian saw, in words that a model or a person can act on."""

    rule: str
    line: int
    message: str
    remedy: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"line {self.line}: {self.message} [{self.rule}].{remedy}"


@dataclass(frozen=True, slots=True)
class Review:
    """The guardian's verdict on one source.

    `source` is what may be installed: the text as given, or as repaired. `tree_hash` is the SHA-256 of its
    normalised tree (comments, formatting and docstring apart), empty where it does not parse.
    """

    accepted: bool
    source: str
    findings: tuple[Finding, ...] = ()
    repaired: bool = False
    tree_hash: str = ""
    selector: str = ""
    parameters: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings for which the source was refused."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One case that a method was tried on in a cell, and how it ended."""

    case: str
    passed: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof kept with a method: which rules its source passed and which cases it was tried on."""

    ruleset: str
    tree_hash: str
    rules: tuple[str, ...]
    trials: tuple[TrialRecord, ...] = field(default=())
