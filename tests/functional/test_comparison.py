"""Candidates that pass alike are compared on data that nobody sent, and what most of them do there is installed."""

from __future__ import annotations

import json

from tests.functional.conftest import Live, script_of
from tests.functional.test_main_job import Scripted

FALSE, LITERAL, RIGHT, AS_RIGHT = (
    "\n    return self.nowhere\n",
    "\n    return 9\n",
    "\n    return max(self.levels)\n",
    "\n    return sorted(self.levels)[-1]\n",
)
# Who reads why the first one failed writes this.
TOLD = f"""
[[rules]]
match = '(?s)nowhere.*def loudest[^#]*$'
answers = [{json.dumps(AS_RIGHT)}]
"""
MAKE = "meter = genesis_obj.clone(levels=[3, 9, 4])"
LOUDEST = "meter.loudest()  # return the largest of levels => result == 9"


async def test_what_most_do_beyond_the_message_is_installed(scripted_image: Scripted, live: Live) -> None:
    folder = scripted_image(script_of({"def loudest": [FALSE, LITERAL, RIGHT]}, TOLD))
    async with live(folder, mission__candidates=5) as life:
        await life.line(MAKE)
        assert (await life.line(LOUDEST)).value == 9
        candidates = (await life.mission("m1")).candidates
        assert [each.chosen for each in candidates] == [False, False, True, False]
        told = [each.verdict.rpartition("; ")[2] for each in candidates[1:]]
        assert told == [f"on varied data it acts like {count} of the 3 that pass" for count in (1, 2, 2)]
        await life.line("twin = meter.clone(levels=[1, 2])")
        assert (await life.line("twin.loudest()")).value == 2
        # Nothing was changed by what they were compared on.
        assert (await life.line("meter.levels")).value == [3, 9, 4]


async def test_a_method_that_never_ends_elsewhere_is_stopped_there_and_holds_up_nobody(
    scripted_image: Scripted, live: Live
) -> None:
    endless = "\n    top = self.levels[1]\n    while top != 9:\n        pass\n    return top\n"
    folder = scripted_image(script_of({"def loudest": [FALSE, endless, RIGHT]}, TOLD))
    async with live(folder, mission__candidates=5) as life:
        await life.line(MAKE)
        assert (await life.line(LOUDEST)).value == 9
        assert [each.chosen for each in (await life.mission("m1")).candidates] == [False, False, True, False]


async def test_what_asks_the_model_is_compared_without_it(scripted_image: Scripted, live: Live) -> None:
    asking = "\n    self.infer_(prompt='How loud?')\n    return max(self.levels)\n"
    folder = scripted_image(script_of({"def loudest": [FALSE, asking, RIGHT]}))
    async with live(folder, mission__candidates=4) as life:
        await life.line(MAKE)
        await life.line(LOUDEST)
        asked = [event for event in life.events if event.mission == "" and event.kind == "token"]
        assert (await life.mission("m1")).state == "COMPLETE"
        assert len(asked) <= 8, "the trial has asked once, and the comparison not at all"
