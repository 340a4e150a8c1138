"""What a message comes to: looked up inside a unit of work, without waiting for anything.

data                 its value
primitive            performed here, or a service that has to be waited for
learned method       an activation for a cell
nothing              doesNotUnderstand: the message is parked in a mission
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from battui.contracts.activation import Activation, CellLimits
from battui.contracts.commands import Send
from battui.contracts.errors import ArgumentMismatch, Refused
from battui.contracts.replies import Answer
from battui.contracts.values import Value, check_name
from battui.guardian import check_expectation
from battui.image.lookup import Found, find
from battui.image.method import Method
from battui.image.objects import UvmObject, clone_of
from battui.image.primitive import Primitive
from battui.image.world import World, oid_of, wire
from battui.kernel.messages.arguments import Message, bound, invented, message_of
from battui.kernel.messages.rendering import rendered
from battui.mind.cycle import Mandate, park, start_cycle, waiting_cycle
from battui.mind.expectations import require_room

SERVICES = (
    "infer",
    "start_cognitive_cycle",
    "search",
    "index_document",
    "unindex_document",
    "activate_expert",
    "experts",
)


@dataclass(frozen=True, slots=True)
class Activate:
    """A learned method is to be run in a cell."""

    activation: Activation
    about: str


@dataclass(frozen=True, slots=True)
class Serve:
    """A primitive that takes time is to be performed outside of any transaction."""

    service: str
    receiver: int
    arguments: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Parked:
    """Nobody understands the message: it waits in a mission under this number."""

    mission: str
    number: int


Way: TypeAlias = Answer | Activate | Serve | Parked


def dispatch(world: World, send: Send, limits: CellLimits, bind: str = "") -> Way:
    """Find out what `send` comes to and do what can be done at once."""
    receiver = world.receiver(send.receiver)
    message = message_of(world, send, bind)
    match find(receiver, send.selector):
        case Found(value=Method() as method):
            arguments = _travelling(bound(message, method.parameters))
            activation = Activation(oid_of(receiver), send.selector, arguments, limits=limits)
            return Activate(activation, message.about)
        case Found(value=Primitive() as primitive):
            return _perform(world, receiver, primitive, message)
        case Found(value=value):
            return _data(world, value, message)
    return _does_not_understand(world, receiver, send, message)


def answer(world: World, value: Any, bind: str = "") -> Answer:
    """The reply for `value`, after binding it in the lobby where the sender wants that."""
    if bind:
        world.bind(bind, value)
    if isinstance(value, UvmObject):
        world.store(value)
    return Answer(wire(value), rendered(world, value))


def _travelling(arguments: Mapping[str, Any]) -> dict[str, Value]:
    return {name: wire(value) for name, value in arguments.items()}


def _data(world: World, value: Any, message: Message) -> Answer:
    if message.positional or message.named:
        raise ArgumentMismatch(
            "this slot holds data and takes no arguments",
            about=message.about,
            remedy=f"Read it: {message.about}",
        )
    return answer(world, value, message.bind)


def _perform(world: World, receiver: UvmObject, primitive: Primitive, message: Message) -> Way:
    if primitive.name == "clone":
        return _clone(world, receiver, message)
    if primitive.name in SERVICES:
        arguments = bound(message, primitive.parameters, primitive.optional)
        return Serve(primitive.name, oid_of(receiver), _travelling(arguments))
    raise Refused("battui sends this message itself", about=message.about, remedy="Send another message.")


def _clone(world: World, receiver: UvmObject, message: Message) -> Answer:
    if message.positional:
        raise ArgumentMismatch("slots need names", about=message.about, remedy="Write clone(balance=100).")
    slots = {check_name(name): value for name, value in message.named.items()}
    return answer(world, world.store(clone_of(receiver, slots)), message.bind)


def require_learner(receiver: UvmObject, about: str) -> None:
    """Raise Refused where the object cannot learn: nothing along its chain says what to do then."""
    if not isinstance(find(receiver, "doesNotUnderstand_"), Found):
        raise Refused(
            "it does not understand this message and has no parent to learn from",
            about=about,
            remedy="Clone it from genesis_obj, or send another message.",
        )


def _does_not_understand(world: World, receiver: UvmObject, send: Send, message: Message) -> Parked:
    """Reify the failed message as a mission, or join the one that already thinks about it."""
    require_learner(receiver, message.about)
    check_name(send.selector)
    if send.expectation:
        check_expectation(send.expectation)
    arguments = invented(message)
    cycle = waiting_cycle(world, receiver, send.selector)
    if cycle is None:
        cycle = start_cycle(
            world,
            receiver,
            Mandate("unhandled_message", send.selector, tuple(arguments), send.intent, send.expectation),
            time.time(),
        )
    elif cycle.mission_brief["parameters"] != list(arguments):
        raise ArgumentMismatch(
            "a mission is already learning this message with other arguments",
            about=message.about,
            remedy=f"It takes: {', '.join(cycle.mission_brief['parameters']) or 'nothing'}.",
        )
    else:
        require_room(cycle, arguments, send.expectation, message.about)
    return Parked(cycle.mission, park(cycle, arguments, message.bind, send.expectation))
