"""Whose turn it is at the slots, and in which slot most of a prompt is known."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.generation import AdapterUse
from battui.engines.adapter_turns import ALONE, AdapterTurns, Use, use_of
from battui.engines.slots import TURN, Call, Slots, shared

POET, CLERK = ("poet", 1.0), ("clerk", 1.0)
LONG = "The king went to the market and bought apples. " * 8


def call(use: Use = ALONE, prompt: str = "once", size: int = 1, given_up: Event | None = None) -> Call:
    return Call(use, prompt, size, (given_up or Event()).is_set)


def slot_of(slots: Slots, use: Use, prompt: str = LONG) -> int | None:
    with slots.taken(call(use, prompt)) as slot:
        return slot


def test_a_prompt_that_comes_back_is_read_where_its_own_adapter_has_read_it() -> None:
    slots = Slots(4)
    first = {use: slot_of(slots, use) for use in (ALONE, POET, CLERK, ("poet", 0.5))}

    assert sorted(first.values()) == [0, 1, 2, 3]  # type: ignore[type-var]
    for use in (CLERK, ALONE, ("poet", 0.5), POET):
        assert slot_of(slots, use, LONG + use[0]) == first[use]


def test_a_new_prompt_takes_the_slot_that_was_used_longest_ago() -> None:
    slots = Slots(3)
    order = [slot_of(slots, ALONE, word * 40) for word in ("apple ", "baker ", "clerk ", "apple ")]

    assert slot_of(slots, ALONE, "dozen " * 40) == order[1]


def test_a_call_for_several_takes_as_many() -> None:
    slots, given_up = Slots(4), Event()
    given_up.set()
    with ThreadPoolExecutor(1) as pool:
        with slots.taken(call(size=3)), slots.taken(call()) as last:
            assert last == 3
            waiting = pool.submit(slot_of, slots, ALONE)
            with slots.taken(call(given_up=given_up)) as none:
                assert none is None
            assert not waiting.done()
        assert waiting.result(20) is not None


def at_slots(slots: Slots, uses: Sequence[Use]) -> list[Use]:
    """The order in which calls begin that are all asked for while the slots are taken."""
    begun: list[Use] = []
    with ThreadPoolExecutor(len(uses)) as pool:
        with ExitStack() as held:
            for _ in range(len(slots._kept)):
                held.enter_context(slots.taken(call(uses[0])))
            jobs = [_asked(pool, slots, use, begun) for use in uses]
        for job in jobs:
            job.result(20)
    return begun


def _asked(pool: ThreadPoolExecutor, slots: Slots, use: Use, begun: list[Use]) -> Future[None]:
    """Ask, and come back when the call stands in the queue."""
    before = len(slots._turns.waiting)

    def work() -> None:
        with slots.taken(call(use)):
            begun.append(use)

    job = pool.submit(work)
    with slots._changed:
        while len(slots._turns.waiting) == before:
            slots._changed.wait(0.01)
    return job


def test_mixed_calls_are_grouped_by_adapter() -> None:
    begun = at_slots(Slots(2), [POET, CLERK, ALONE] * 2)

    assert begun == [POET, POET, CLERK, CLERK, ALONE, ALONE]


def test_nobody_is_passed_for_ever() -> None:
    uses = [POET, CLERK, *[POET] * (TURN + 2)]

    assert at_slots(Slots(1), uses).index(CLERK) == 1 + TURN


def test_who_gives_up_waiting_leaves_the_queue() -> None:
    slots, given_up = Slots(1), Event()
    with ThreadPoolExecutor(1) as pool, slots.taken(call(POET)):
        waiting = pool.submit(lambda: slots.taken(call(CLERK, given_up=given_up)).__enter__())
        given_up.set()
        slots.look_again()
        assert waiting.result(20) is None
    assert slot_of(slots, CLERK) == 0


def test_an_adapter_at_scale_nothing_is_the_model_alone() -> None:
    assert [use_of(use) for use in (None, AdapterUse("poet", 0.0), AdapterUse("poet", 0.5))] == [
        ALONE,
        ALONE,
        ("poet", 0.5),
    ]


@given(st.lists(st.tuples(st.sampled_from([ALONE, POET, CLERK]), st.integers(1, 3)), max_size=40))
def test_everybody_has_a_turn_and_those_of_one_adapter_keep_their_order(jobs: list[tuple[Use, int]]) -> None:
    turns: AdapterTurns[Call] = AdapterTurns(4)
    queued = [call(use, str(number), size) for number, (use, size) in enumerate(jobs)]
    turns.waiting.extend(queued)
    done: list[Call] = []
    while turns.waiting:
        if turns.is_over:
            turns.begin(turns.waiting[0].use)
        admitted = turns.admitted(3)
        assert admitted, "with all places free somebody begins"
        assert len({job.use for job in admitted}) == 1
        assert sum(job.size for job in admitted) <= 3
        done += admitted
    for use in (ALONE, POET, CLERK):
        assert [job for job in done if job.use == use] == [job for job in queued if job.use == use]


@pytest.mark.parametrize(
    ("one", "other", "size"),
    [("", "a", 0), ("abc", "abd", 2), ("abc", "abc", 3), ("abc", "abcd", 3), ("x", "y", 0)],
)
def test_what_two_texts_share(one: str, other: str, size: int) -> None:
    assert shared(one, other) == size
