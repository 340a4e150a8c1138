"""Frames that nobody should send, by the million: `python -m tests.unit.bridge.fuzz [FRAMES]`.

An honest client asks all the while. Nothing may end, and memory may not grow; both are printed at the end.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ormsgpack
import trio

from battui.bridge.client import AsyncClient
from battui.bridge.frames import MAX_FRAME, VERSION, Cancel, Credit, Follow, Hello, Ping, Submit, pack_request
from battui.contracts import commands as c
from battui.contracts.replies import Answer
from battui.contracts.values import Ref
from tests.unit.bridge.raw_client import RawClient, raw_client
from tests.unit.bridge.small_bridge import small_bridge

SLOT = c.Path(("a", "b"))
HONEST = (
    pack_request(1, Submit(c.Write(SLOT, [1, {"x": Ref(3)}, 1 << 80]))),
    pack_request(2, Submit(c.Once("key", c.Send(SLOT, "b_", (1,), (("x", "y"),))), 0.5, progress=False)),
    pack_request(3, Hello("me", (1, 2))),
    pack_request(4, Cancel(3)),
    pack_request(5, Credit(3, 10)),
    pack_request(6, Follow(3, ("cell",), "m1", 4)),
    pack_request(7, Ping(b"data")),
)
BATCH = 200


def noise(dice: random.Random) -> bytes:
    return dice.randbytes(dice.randrange(200))


def truncated(dice: random.Random) -> bytes:
    frame = dice.choice(HONEST)
    return frame[: dice.randrange(len(frame))]


def changed(dice: random.Random) -> bytes:
    frame = bytearray(dice.choice(HONEST))
    for _ in range(dice.randint(1, 4)):
        frame[dice.randrange(len(frame))] = dice.randrange(256)
    return bytes(frame)


def nested(dice: random.Random) -> bytes:
    head = ormsgpack.packb([VERSION, 1, 0])[:-1]
    return head + dice.choice([b"\x91", b"\x81\xa1x", b"\xdd\x00\x00\x00\x01"]) * dice.randrange(3_000)


def promising(dice: random.Random) -> bytes:
    """A head that promises four billion of something."""
    return bytes([dice.choice([0xC6, 0xC9, 0xDB, 0xDD, 0xDF])]) + b"\xff\xff\xff\xff" + noise(dice)


def oversized(dice: random.Random) -> bytes:
    # Few of them: they cost what they weigh.
    return bytes(MAX_FRAME + 1) if dice.random() < 0.002 else ormsgpack.packb([VERSION, 1, "x" * 10_000])


def of_another_version(dice: random.Random) -> bytes:
    return ormsgpack.packb([dice.choice([0, 2, 99, -1, None, "1", 1.0]), 1, {"is": "Ping"}])


def replayed(dice: random.Random) -> bytes:
    return dice.choice(HONEST)


KINDS: tuple[Callable[[random.Random], bytes], ...] = (
    noise,
    truncated,
    changed,
    nested,
    promising,
    oversized,
    of_another_version,
    replayed,
)


@dataclass(frozen=True)
class Outcome:
    """How it went: frames sent, honest commands served meanwhile, and resident memory in KiB."""

    sent: int
    served: int
    before: int
    after: int


async def fuzz(frames: int, seed: int = 1) -> Outcome:
    """Send so many frames; raises where the bridge ends or an honest client is not served."""
    dice = random.Random(seed)
    async with small_bridge() as running, AsyncClient(running.endpoint, patience=60.0) as honest:
        served, before = 0, 0
        async with raw_client(running.endpoint) as hostile:
            for sent in range(0, frames, BATCH):
                await _attack(hostile, dice)
                assert await honest.submit(c.Write(SLOT, sent)) == Answer(sent, "written")
                served += 1
                running.portal.commands.clear()
                # Caches fill at first; what counts is whether it goes on.
                before = before or (resident() if sent >= frames // 4 else 0)
        return Outcome(frames, served, before, resident())


async def _attack(hostile: RawClient, dice: random.Random) -> None:
    """A batch of frames, and then all that the bridge has to say to them."""
    for _ in range(BATCH):
        parts = [dice.choice(KINDS)(dice) for _ in range(2 if dice.random() < 0.02 else 1)]
        await hostile.say(*parts)
    number = dice.randrange(1 << 40, 1 << 50)
    await hostile.ask(number, Ping())
    while (await hostile.hear())[0] != number:
        pass


def resident() -> int:
    """This process's resident memory in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def main() -> None:
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    outcome = trio.run(fuzz, frames)
    sys.stdout.write(f"{outcome.sent} frames, {outcome.served} honest commands served meanwhile\n")
    sys.stdout.write(f"resident KiB: {outcome.before} after a quarter, {outcome.after} at the end\n")


if __name__ == "__main__":
    main()
