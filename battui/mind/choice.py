"""Which of several candidates becomes the method."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate and what became of it.

    `source` is as reviewed and repaired, `tree_hash` that of its normalised tree (empty where it does not parse).
    `accepted` is the guardian's word and `findings` its reasons. `ran` tells whether the trial ended without a
    failure, `met` whether the sender's expectation came out (None: there was none). `outcome` is the result and
    the changes of the trial in one normal form, empty where it neither answered nor changed anything. `conduct` is
    the same for all that do the same with varied data; empty where it was not compared with others.
    `verdict` is all this in words; `votes` counts how often the model wrote it.
    """

    index: int
    source: str
    tree_hash: str = ""
    accepted: bool = False
    findings: tuple[str, ...] = ()
    ran: bool = False
    met: bool | None = None
    outcome: str = ""
    verdict: str = ""
    votes: int = 1
    conduct: str = ""

    @property
    def survived(self) -> bool:
        """Whether it may be installed at all: it ran, and met the expectation or, without one, did something.

        A method that neither answers nor changes anything is no answer to a message, unless that is expected.
        """
        return self.accepted and self.ran and (self.met is True or (self.met is None and bool(self.outcome)))


def distinct(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the first of all candidates with the same tree, with the votes of all of them."""
    votes: Counter[str] = Counter()
    first: dict[str, Candidate] = {}
    for candidate in candidates:
        key = candidate.tree_hash or f"text:{candidate.source}"
        votes[key] += candidate.votes
        first.setdefault(key, candidate)
    return tuple(replace(candidate, votes=votes[key]) for key, candidate in first.items())


def best(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the candidate to install, or None where none survived guardian, trial and expectation.

    A met expectation comes first, then agreement: what most candidates come to, on the message and beyond it, is
    right more often than what one comes to (self-consistency, Wang et al. 2022, arXiv:2203.11171; of programs, by
    what they do: AlphaCode, Li et al. 2022, arXiv:2203.07814). A voice counts less the later it comes, since the
    likelier candidates come first. Then the lower index: of two that come to the same the shorter one is more often
    the one that left a condition out.
    """
    survivors = sorted(
        (candidate for candidate in candidates if candidate.survived), key=lambda candidate: candidate.index
    )
    agreement: dict[tuple[str, str], float] = defaultdict(float)
    for place, candidate in enumerate(survivors, start=1):
        agreement[candidate.outcome, candidate.conduct] += candidate.votes / math.sqrt(place)

    def rank(candidate: Candidate) -> tuple[bool, float, int]:
        return (
            candidate.met is not True,
            -agreement[candidate.outcome, candidate.conduct],
            candidate.index,
        )

    return min(survivors, key=rank, default=None)
