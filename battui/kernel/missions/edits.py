"""Methods that people write for missions: reviewed and tried like any other, and kept whatever comes of it."""

from __future__ import annotations

from battui.contracts.errors import GuardianRefused, Refused
from battui.guardian import review
from battui.image.world import World
from battui.kernel.missions.effects import Effects
from battui.kernel.missions.mission_record import take_edit
from battui.kernel.transactions.committer import Committer
from battui.mind.choice import Candidate
from battui.mind.cycle import cycle_of
from battui.mind.editing import trial_of_edit
from battui.mind.steps import Tried, TryCandidates


class Edits:
    """Takes a person's method through guardian and cell into a mission."""

    def __init__(self, committer: Committer, effects: Effects) -> None:
        self._committer = committer
        self._effects = effects

    async def edit(self, mission: str, source: str) -> None:
        """Have the mission go on with `source`.

        Raises GuardianRefused where the guardian refuses it, Refused where a trial does or the mission takes none.
        """

        def look(world: World) -> TryCandidates:
            cycle = cycle_of(world, mission)
            effect = trial_of_edit(cycle, source)
            _require_head(source, cycle.mission_brief["selector"], tuple(cycle.mission_brief["parameters"]))
            return effect

        effect = await self._committer.perform("read", look)
        tried = await self._effects.perform(mission, effect)
        assert isinstance(tried, Tried)
        (candidate,) = tried.candidates
        lacking = await self._committer.perform(
            f"edit {mission}", lambda world: take_edit(world, mission, candidate), mission=mission
        )
        if lacking:
            raise _not_taken(mission, candidate)


def _require_head(source: str, selector: str, parameters: tuple[str, ...]) -> None:
    """Raise GuardianRefused where the source is a method, but another one than the mission is for."""
    verdict = review(source)
    if verdict.selector and (verdict.selector, verdict.parameters) != (selector, parameters):
        wanted = f"def {selector}({', '.join(('self', *parameters))}):"
        raise GuardianRefused("this is another method", about=verdict.selector, remedy=f"Begin it: {wanted}")


def _not_taken(mission: str, candidate: Candidate) -> GuardianRefused | Refused:
    kind = Refused if candidate.accepted else GuardianRefused
    return kind(candidate.verdict, about=mission, remedy=f"It is kept: battui missions edit {mission}")
