"""Candidates before the guardian and in the cell, on a copy of what they would change."""

from __future__ import annotations

from dataclasses import replace

import trio

from battui.contracts.activation import CellAnswer, CellLimits, MethodText
from battui.contracts.review import Review
from battui.guardian import review
from battui.image.image import Image
from battui.image.snapshot import Snapshot
from battui.kernel.activation.comparison import Comparison
from battui.kernel.activation.failures import place_of
from battui.kernel.activation.judging import effect_of, shortfall
from battui.kernel.activation.rehearsals import Rehearsal, rehearsals_of
from battui.kernel.activation.services import Services
from battui.kernel.cells.cells import CellBlock
from battui.kernel.events.bus import Bus
from battui.mind.choice import Candidate
from battui.mind.cycle import cycle_of
from battui.mind.failing import WROTE_NOTHING
from battui.mind.steps import Tried, TryCandidates

NOTHING = "it neither answers nor changes anything"
UNTRIED = "nothing is recorded that it could be tried on"


class Trials:
    """Reviews and tries what the model wrote; nothing of it reaches the image."""

    def __init__(
        self, image: Image, cells: CellBlock, services: Services, bus: Bus, limits: CellLimits
    ) -> None:
        self._image = image
        self._cells = cells
        self._services = services
        self._bus = bus
        self._limits = limits

    async def perform(self, mission: str, effect: TryCandidates) -> Tried:
        """Judge each source once, in order, and compare those that meet all expectations."""
        judged: list[Candidate] = []
        methods: dict[int, MethodText] = {}
        trees: dict[str, int] = {}
        with Snapshot(self._image) as snapshot:
            rehearsals = rehearsals_of(snapshot, mission, self._limits)
            senders = len(cycle_of(snapshot.world, mission).parked)
            for index, source in enumerate(effect.sources, start=effect.first):
                verdict = await trio.to_thread.run_sync(review, source)
                if not source.strip():
                    candidate = _refused(index, verdict, WROTE_NOTHING)
                elif verdict.tree_hash and verdict.tree_hash in trees:
                    twin = trees[verdict.tree_hash]
                    candidate = _refused(index, verdict, f"the same as candidate {twin + 1}")
                elif not verdict.accepted:
                    candidate = _refused(index, verdict, _objection(verdict))
                else:
                    trees[verdict.tree_hash] = index
                    methods[index] = MethodText(verdict.source, verdict.parameters)
                    candidate = await self._try(index, verdict, methods[index], rehearsals)
                judged.append(candidate)
                self._announce(mission, candidate, verdict)
            compared = await Comparison(self._cells, rehearsals).compare(judged, methods)
        return Tried(tuple(compared), senders)

    async def _try(
        self, index: int, verdict: Review, method: MethodText, rehearsals: list[Rehearsal]
    ) -> Candidate:
        sent: list[CellAnswer] = []
        passed = 0
        for rehearsal in rehearsals:
            activation = replace(rehearsal.activation, trial=method)
            answer = await self._cells.activate(activation, rehearsal.source, self._services)
            if rehearsal.case is None:
                sent.append(answer)
            elif lacking := shortfall(rehearsal.case, answer, activation.receiver):
                return _failing(candidate_of(index, verdict, sent), f"{rehearsal.case.name}: {lacking}")
            else:
                passed += 1
        candidate = candidate_of(index, verdict, sent)
        if not rehearsals:
            # Only a person's version of a method that nothing was ever recorded of.
            return replace(candidate, met=True, verdict=f"{_guardians(candidate)}; {UNTRIED}")
        return _passing(candidate, passed) if passed else candidate

    def _announce(self, mission: str, candidate: Candidate, verdict: Review) -> None:
        self._bus.announce(
            "candidate",
            candidate.verdict,
            mission=mission,
            data={
                "index": candidate.index,
                "source": candidate.source,
                "verdict": candidate.verdict,
                "accepted": candidate.survived,
                "repaired": verdict.repaired,
            },
        )


def _failing(candidate: Candidate, lacking: str) -> Candidate:
    """A candidate that does not do what a case asks for."""
    return replace(candidate, met=False, verdict=f"{_guardians(candidate)}; cell: {lacking}")


def _passing(candidate: Candidate, cases: int) -> Candidate:
    """A candidate that passes every case. What it does with the messages that were sent still counts."""
    if not candidate.ran or candidate.met is False:
        return candidate
    words = f"{_guardians(candidate)}; cell: passes {cases} case{'s' * (cases != 1)}"
    return replace(candidate, met=True, outcome=candidate.outcome or "passes every case", verdict=words)


def _guardians(candidate: Candidate) -> str:
    """The guardian's part of a verdict."""
    return candidate.verdict.partition(";")[0]


def candidate_of(index: int, verdict: Review, answers: list[CellAnswer]) -> Candidate:
    """What an accepted source is as a candidate, after its runs on the messages that were sent."""
    failures = [answer.failure for answer in answers if answer.failure is not None]
    ran = not failures
    judged = [answer for answer in answers if answer.expectation_met is not None or answer.expectation_error]
    lacking = next((answer for answer in judged if not answer.expectation_met), None)
    met = None if not judged else lacking is None
    whose = f" of sender {answers.index(lacking) + 1}" if lacking and len(judged) > 1 else ""
    came = _outcome(answers[:1]) or NOTHING
    if failures:
        failed = failures[0]
        words = f"cell: {failed.error_type or failed.kind}: {failed.message}{place_of(failed)}"
    elif lacking is not None and lacking.expectation_error:
        words = f"cell: the expectation{whose} raised {lacking.expectation_error}"
    elif lacking is not None:
        words = f"cell: ran, but the expectation{whose} does not hold; {came}"
    elif judged:
        words = f"cell: ran; {'the expectation holds' if len(judged) == 1 else 'all expectations hold'}"
    else:
        words = f"cell: ran; {came}"
    return Candidate(
        index=index,
        source=verdict.source,
        tree_hash=verdict.tree_hash,
        accepted=True,
        findings=tuple(str(finding) for finding in verdict.findings),
        ran=ran,
        met=met,
        outcome=_outcome(answers) if ran else "",
        verdict=f"guardian: accepted{', repaired' if verdict.repaired else ''}; {words}",
    )


def _refused(index: int, verdict: Review, words: str) -> Candidate:
    return Candidate(
        index=index,
        source=verdict.source,
        tree_hash=verdict.tree_hash,
        accepted=False,
        findings=tuple(str(finding) for finding in verdict.findings),
        ran=False,
        met=None,
        outcome="",
        verdict=f"guardian: {words}",
    )


def _objection(verdict: Review) -> str:
    return f"refused: {verdict.errors[0]}" if verdict.errors else "refused"


def _outcome(answers: list[CellAnswer]) -> str:
    """What the runs came to, equal for equal effects; empty where they neither answered nor changed anything."""
    if all(answer.result is None and not answer.changes for answer in answers):
        return ""
    return "; ".join(map(effect_of, answers))
