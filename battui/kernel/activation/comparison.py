"""Candidates that pass alike, told apart by what they do with data that nobody sent."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from battui.contracts.activation import Activation, CellAnswer, MethodText
from battui.kernel.activation.judging import CopyWithSlots, NoServices, effect_of
from battui.kernel.activation.rehearsals import Rehearsal
from battui.kernel.cells.cells import CellBlock
from battui.mind.choice import Candidate
from battui.mind.variations import Situation, variations

MOST = 12
"""Runs of a candidate."""
SECONDS = 0.5
"""One activation here; a method that takes longer is stopped, and not compared any further."""


class Comparison:
    """Runs candidates on variations of what they were tried on; nobody is asked for anything, nothing is kept."""

    def __init__(self, cells: CellBlock, rehearsals: Sequence[Rehearsal]) -> None:
        self._cells = cells
        self._rehearsals = rehearsals

    async def compare(
        self, candidates: Sequence[Candidate], methods: Mapping[int, MethodText]
    ) -> list[Candidate]:
        """The candidates, those that met what was expected with their `conduct`, where there is more than one.

        `methods` are their texts by index.
        """
        passing = [candidate for candidate in candidates if candidate.survived and candidate.met]
        if len(passing) < 2:
            return list(candidates)
        runs = await self._runs("\n".join(candidate.source for candidate in passing))
        conducts = {each.index: await self._conduct(runs, methods[each.index]) for each in passing}
        alike = Counter(conducts.values())

        def compared(candidate: Candidate) -> Candidate:
            conduct = conducts.get(candidate.index, "")
            shared = f"on varied data it acts like {alike[conduct]} of the {len(passing)} that pass"
            words = f"{candidate.verdict}; {shared}" if conduct else candidate.verdict
            return replace(candidate, conduct=conduct, verdict=words)

        return list(map(compared, candidates))

    async def _runs(self, sources: str) -> list[Rehearsal]:
        """Variations of all rehearsals, in the slots that the sources speak of."""
        names = set(re.findall(r"\w+", sources))
        near = self._rehearsals[:MOST]
        return [run for rehearsal in near for run in await _varied(rehearsal, names, MOST // len(near))]

    async def _conduct(self, runs: Sequence[Rehearsal], method: MethodText) -> str:
        """One text for all that a method does on the runs, the same for the same effects."""
        told = hashlib.sha256()
        for run in runs:
            activation = replace(run.activation, trial=method)
            answer = await self._cells.activate(activation, run.source, NoServices())
            told.update(_effect(answer).encode())
            if answer.failure is not None and answer.failure.kind == "stopped":
                break
        return told.hexdigest()


async def _varied(rehearsal: Rehearsal, names: set[str], most: int) -> list[Rehearsal]:
    activation = rehearsal.activation
    state = await rehearsal.source.load(activation.receiver)
    if state is None:
        return []
    near = Situation(state.slots, activation.arguments)
    limits = replace(activation.limits, wall_s=min(SECONDS, activation.limits.wall_s))
    plain = replace(activation, expectation=None, limits=limits)
    return [_rehearsal_of(rehearsal, plain, varied) for varied in variations(near, names, most)]


def _rehearsal_of(rehearsal: Rehearsal, plain: Activation, varied: Situation) -> Rehearsal:
    source = CopyWithSlots(rehearsal.source, plain.receiver, varied.slots)
    return Rehearsal(replace(plain, arguments=varied.arguments), source)


def _effect(answer: CellAnswer) -> str:
    """What an activation came to; one failure is like another where nobody has asked for either."""
    failure = answer.failure
    return effect_of(answer) if failure is None else failure.kind
