"""The arguments of a message, matched with the parameters of what understands it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from battui.contracts.commands import Send
from battui.contracts.errors import ArgumentMismatch
from battui.contracts.values import check_name
from battui.image.world import World

UNNAMED = ("value", "second", "third", "fourth")


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its arguments resolved to what slots can hold. `about` is how errors call it."""

    about: str
    selector: str
    positional: tuple[Any, ...]
    named: Mapping[str, Any]
    bind: str = ""


def message_of(world: World, send: Send, bind: str) -> Message:
    """Resolve the arguments of `send`; raises UnknownObject or NotStorable."""
    about = f"{send.receiver}.{send.selector}"
    return Message(
        about,
        send.selector,
        tuple(world.stored(value, about=about) for value in send.positional),
        {name: world.stored(value, about=about) for name, value in send.named},
        bind,
    )


def bound(message: Message, parameters: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Any]:
    """Arguments by the names of their parameters; raises ArgumentMismatch with what is wanted."""
    names = [*parameters, *optional]
    wanted = f"It takes: {', '.join(names) or 'nothing'}."
    if len(message.positional) > len(names):
        given = len(message.positional)
        raise ArgumentMismatch(f"{given} arguments are too many", about=message.about, remedy=wanted)
    arguments = dict(zip(names, message.positional, strict=False))
    for name, value in message.named.items():
        if name not in names:
            raise ArgumentMismatch(f"there is no argument {name!r}", about=message.about, remedy=wanted)
        if name in arguments:
            raise ArgumentMismatch(
                f"the argument {name!r} is given twice", about=message.about, remedy=wanted
            )
        arguments[name] = value
    if missing := [name for name in parameters if name not in arguments]:
        raise ArgumentMismatch(f"the argument {missing[0]!r} is missing", about=message.about, remedy=wanted)
    return arguments


def invented(message: Message) -> dict[str, Any]:
    """Arguments of a message that nobody understands yet: those without a name get one."""
    free = [name for name in UNNAMED if name not in message.named]
    if len(message.positional) > len(free):
        raise ArgumentMismatch(
            "too many unnamed arguments", about=message.about, remedy="Name them: amount=50."
        )
    named = {check_name(name): value for name, value in message.named.items()}
    return {**dict(zip(free, message.positional, strict=False)), **named}
