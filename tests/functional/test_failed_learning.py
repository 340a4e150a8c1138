"""What cannot be learned, harms or fails is one clear error to its sender, and the kernel goes on."""

from __future__ import annotations

import pytest
import trio

from battui.contracts.commands import (
    CancelMission,
    ListHistory,
    RetryMission,
    ShowObject,
)
from battui.contracts.commands import (
    Path as ObjectPath,
)
from battui.contracts.errors import (
    ArgumentMismatch,
    BattuiError,
    CellStopped,
    MethodRaised,
    MissionFailed,
    NotASelector,
    NotStorable,
    Refused,
    UnknownObject,
    UnknownSlot,
    UsageError,
)
from battui.contracts.replies import ObjectView
from tests.functional.conftest import BODIES, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH, Scripted


async def test_a_mission_that_finds_nothing_fails_with_the_reason_and_leaves_the_object_alone(
    scripted_image: Scripted, live: Live
) -> None:
    script = script_of({"def deposit_": ["\n    import os\n", "\n    pass\n"]})
    async with live(scripted_image(script)) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed, match="none of the"):
            await life.line(TEACH)
        mission = await life.mission("m1")
        assert (mission.state, mission.senders) == ("FAILED", 1)
        assert mission.candidates
        view = await life.submit(ShowObject(ObjectPath(("account",))))
        assert isinstance(view, ObjectView)
        assert [slot.name for slot in view.slots if not slot.holder] == ["parent*", "balance"]


async def test_a_failed_mission_can_be_tried_again_and_no_other(scripted_image: Scripted, live: Live) -> None:
    folder = scripted_image(script_of({}))
    async with live(folder) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed):
            await life.line(TEACH)
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.submit(RetryMission("m1"))
        await life.until(lambda event: event.kind == "mission" and event.data.get("end") == "COMPLETE")
        assert (await life.line("account.balance")).value == 150
        with pytest.raises(Refused, match="only a failed"):
            await life.submit(RetryMission("m1"))


async def test_a_cancelled_mission_tells_its_sender(scripted_image: Scripted, live: Live) -> None:
    slow = "[[rules]]\nmatch = 'def deposit_'\nanswers = ['x x x x x x x x x x']\ndelay = 5.0\n"
    async with live(scripted_image(script_of({}, extra=slow))) as life, trio.open_nursery() as nursery:
        await life.line(MAKE)

        async def send() -> None:
            with pytest.raises(MissionFailed, match="cancelled"):
                await life.line(TEACH)

        nursery.start_soon(send)
        await life.until(lambda event: event.data.get("state") == "SYNTHESIZING")
        await life.submit(CancelMission("m1"))
        assert (await life.mission("m1")).state == "FAILED"


HARMFUL = {
    "loop": ("\n    while True:\n        pass\n", "stopped"),
    "count": ("\n    return sum(range(10 ** 12))\n", "stopped"),
    "hoard": ("\n    x = [0]\n    while True:\n        x = x + x\n", "stopped"),
    "peek": ("\n    return open('/etc/passwd').read()\n", "guardian: refused"),
    "call": (
        "\n    import socket\n    return socket.socket().connect(('127.0.0.1', 1))\n",
        "guardian: refused",
    ),
    "spawn": ("\n    import os\n    return os.system('true')\n", "guardian: refused"),
}


@pytest.mark.parametrize("name", HARMFUL)
async def test_a_candidate_that_harms_is_stopped_and_reported_and_the_kernel_goes_on(
    scripted_image: Scripted, live: Live, name: str
) -> None:
    script = script_of({f"def {name}": [HARMFUL[name][0]], **BODIES})
    async with live(scripted_image(script), cell__wall_s=0.5, mission__attempts=1) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed):
            await life.line(f"account.{name}()")
        assert HARMFUL[name][1] in (await life.mission("m1")).candidates[0].verdict
        await life.line(TEACH)
        assert (await life.line("account.balance")).value == 150


async def test_a_learned_method_that_raises_or_never_ends_is_an_error_to_its_sender(
    scripted_image: Scripted, live: Live
) -> None:
    divide = "\n    return 100 / by\n"
    spin = "\n    while times > 0:\n        pass\n    return 0\n"
    script = script_of({"def divide_": [divide], "def spin_": [spin], "def broken": ["\n    return 1 / 0\n"]})
    async with live(scripted_image(script), cell__wall_s=0.5) as life:
        await life.line(MAKE)
        assert (await life.line("account.divide_(by=4)")).value == 25.0
        with pytest.raises(MethodRaised, match="ZeroDivisionError") as caught:
            await life.line("account.divide_(by=0)")
        assert "return 100 / by" in caught.value.traceback
        with pytest.raises(MissionFailed):
            await life.line("account.broken()")
        assert "(line 3: return 1 / 0)" in (await life.mission("m2")).candidates[0].verdict
        assert (await life.line("account.spin_(times=0)")).value == 0
        with pytest.raises(CellStopped):
            await life.line("account.spin_(times=1)")
        assert (await life.line("account.balance")).value == 100


BAD_LINES: list[tuple[str, type[BattuiError]]] = [
    ("account.deposit_(", UsageError),
    ("nobody.deposit_(amount=1)", UnknownObject),
    ("@ffff.balance", UnknownObject),
    ("account.nothing", UnknownSlot),
    ("account.balance.deposit_(amount=1)", UnknownObject),
    ("account.deposit_()", ArgumentMismatch),
    ("account.deposit_(sum=1)", ArgumentMismatch),
    ("account.deposit_(1, 2)", ArgumentMismatch),
    ("account.deposit_(1, amount=2)", ArgumentMismatch),
    ("account.balance(1)", ArgumentMismatch),
    ("account.__init__()", NotASelector),
    ("account.class()", UsageError),
    ("account.note = 1e999", NotStorable),
    ("genesis_obj = 3", UnknownObject),
    ("account.deposit_ = 3", Refused),
    ("account.other_(x=1)  # what => open('/etc/passwd')", UsageError),
]


async def test_bad_input_is_one_clear_error_and_changes_nothing(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        before = await life.submit(ListHistory())
        for line, kind in BAD_LINES:
            with pytest.raises(kind) as caught:
                await life.line(line)
            assert str(caught.value).count("\n") == 0, line
        assert await life.submit(ListHistory()) == before
