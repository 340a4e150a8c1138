"""Learned behaviour: source text with its proof and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from persistent import Persistent

from battui.contracts.activation import MethodText
from battui.contracts.review import Certificate, TrialRecord
from battui.contracts.values import Value


class Method(Persistent):
    """One version of a learned method. It never changes after it is installed, so clones share it.

    `previous` is the version it replaced, if any. Certificate and provenance are stored as plain values, so that an
    old image stays readable when these types grow.
    """

    def __init__(
        self,
        source: str,
        selector: str,
        parameters: tuple[str, ...],
        *,
        intent: str = "",
        certificate: Certificate,
        provenance: Mapping[str, Value],
        previous: Method | None = None,
        mission: str = "",
        installed_at: float = 0.0,
    ) -> None:
        self.source = source
        self.selector = selector
        self.parameters = parameters
        self.intent = intent
        self.proof = asdict(certificate)
        self.provenance = dict(provenance)
        self.previous = previous
        self.mission = mission
        self.installed_at = installed_at

    @property
    def text(self) -> MethodText:
        """The method as a cell runs it."""
        return MethodText(self.source, tuple(self.parameters))

    @property
    def certificate(self) -> Certificate:
        """The proof under which the method was installed."""
        trials = tuple(TrialRecord(**trial) for trial in self.proof["trials"])
        return Certificate(self.proof["ruleset"], self.proof["tree_hash"], tuple(self.proof["rules"]), trials)

    @property
    def versions(self) -> int:
        """How many versions this object has had, this one included."""
        count, version = 1, self.previous
        while version is not None:
            count, version = count + 1, version.previous
        return count
