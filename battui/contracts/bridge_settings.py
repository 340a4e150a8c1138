"""What can be configured of how others reach a kernel."""

from __future__ import annotations

from dataclasses import dataclass

from battui.contracts.setting_checks import setting

LEAST_HIGH_WATER = 2
"""libzmq 4.3.5 was seen to bring no message at all from a connection that was let in by ZAP to a ROUTER that may hold
one (RCVHWM 1): the sender's routing id takes the only place before the socket is there to read it."""


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """How a kernel that stays is reached, besides by its owner on this machine."""

    tcp: str = setting(
        "",
        "Where clients with keys come in, such as tcp://127.0.0.1:5555; empty: nowhere. See battui bridge keys.",
    )
    high_water: int = setting(
        1_000,
        "Messages that ZeroMQ may hold for a client, in each direction.",
        low=LEAST_HIGH_WATER,
        high=1_000_000,
    )
