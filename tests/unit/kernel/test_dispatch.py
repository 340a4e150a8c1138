"""What a message comes to, and how its answer reads: tables over a real image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from BTrees.OOBTree import OOBTree

from battui.contracts.activation import CellLimits
from battui.contracts.commands import Path, Send
from battui.contracts.errors import (
    ArgumentMismatch,
    BattuiError,
    MissingParent,
    NotASelector,
    Refused,
    UnknownObject,
    UsageError,
)
from battui.contracts.replies import Answer
from battui.contracts.review import Certificate
from battui.contracts.values import Ref
from battui.image.image import Image
from battui.image.lookup import Found, find
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import World, oid_of
from battui.kernel.messages.dispatch import Activate, Parked, Serve, Way, dispatch
from battui.kernel.messages.rendering import rendered
from battui.mind.cycle import cycle_of, enter, state_of

LIMITS = CellLimits(wall_s=1.5)
DEPOSIT = "def deposit_(self, amount):\n    self.balance += amount\n    self._p_changed = True\n"


def method() -> Method:
    return Method(DEPOSIT, "deposit_", ("amount",), certificate=Certificate("1", "0", ()), provenance={})


@pytest.fixture
def world(image: Image) -> Iterator[World]:
    """A unit of work with an account that has learned `deposit_`, a child of it, and an orphan."""
    with image.unit_of_work("test") as world:
        account = world.lobby["account"]
        account.deposit_ = method()
        world.bind("child", world.store(UvmObject({"parent*": [account]})))
        world.bind("orphan", world.store(UvmObject(x=1)))
        world.bind("broken", world.store(UvmObject({"parent*": 3})))
        world.bind("number", 3)
        yield world


def send(world: World, receiver: str, selector: str, *positional: Any, bind: str = "", **named: Any) -> Way:
    known = {key: named.pop(key) for key in ("intent", "expectation") if key in named}
    message = Send(Path((receiver,)), selector, positional, tuple(named.items()), **known)
    return dispatch(world, message, LIMITS, bind)


@pytest.mark.parametrize("receiver", ["account", "child"])
def test_data_is_answered(world: World, receiver: str) -> None:
    assert send(world, receiver, "balance") == Answer(100, "100")


@pytest.mark.parametrize("receiver", ["account", "child"])
def test_a_learned_method_is_activated_on_the_receiver(world: World, receiver: str) -> None:
    way = send(world, receiver, "deposit_", world.lobby["orphan"])
    assert isinstance(way, Activate)
    assert way.activation.receiver == oid_of(world.lobby[receiver])
    assert way.activation.arguments == {"amount": Ref(oid_of(world.lobby["orphan"]))}
    assert (way.activation.selector, way.activation.limits, way.about) == (
        "deposit_",
        LIMITS,
        f"{receiver}.deposit_",
    )


def test_a_primitive_that_takes_time_is_served_outside(world: World) -> None:
    way = send(world, "account", "infer_", "Why?", max_tokens=5)
    assert way == Serve("infer", oid_of(world.lobby["account"]), {"prompt": "Why?", "max_tokens": 5})


def test_a_clone_is_stored_and_bound(world: World) -> None:
    way = send(world, "account", "clone", bind="twin", balance=7)
    twin = world.lobby["twin"]
    assert way == Answer(Ref(oid_of(twin)), "twin")
    assert (twin.balance, world.lobby["account"].balance) == (7, 100)
    assert twin.deposit_ is world.lobby["account"].deposit_


def test_a_bound_value_is_the_value(world: World) -> None:
    assert send(world, "account", "balance", bind="amount") == Answer(100, "100")
    assert world.lobby["amount"] == 100


REFUSED: dict[str, tuple[Callable[[World], Any], type[BattuiError]]] = {
    "arguments for data": (lambda world: send(world, "account", "balance", 1), ArgumentMismatch),
    "arguments for data by name": (lambda world: send(world, "account", "balance", a=1), ArgumentMismatch),
    "too few for a method": (lambda world: send(world, "account", "deposit_"), ArgumentMismatch),
    "wrong ones for a primitive": (lambda world: send(world, "account", "infer_", text=1), ArgumentMismatch),
    "clone by place": (lambda world: send(world, "account", "clone", 5), ArgumentMismatch),
    "clone into ZODB": (lambda world: send(world, "account", "clone", _p_jar=None), NotASelector),
    "clone into Python": (lambda world: send(world, "account", "clone", __class__=1), NotASelector),
    "bind battui's own": (lambda world: send(world, "account", "clone", bind="traits_obj"), UnknownObject),
    "bind no name": (lambda world: send(world, "account", "balance", bind="_x"), NotASelector),
    "battui's own message": (
        lambda world: send(world, "account", "doesNotUnderstand_", "x"),
        Refused,
    ),
    "a value as receiver": (lambda world: send(world, "number", "double"), UnknownObject),
    "nobody as receiver": (lambda world: send(world, "nobody", "double"), UnknownObject),
    "no parent to learn from": (lambda world: send(world, "orphan", "double"), Refused),
    "a broken chain": (lambda world: send(world, "broken", "double"), MissingParent),
    "reserved selector": (lambda world: send(world, "account", "__class__"), NotASelector),
    "ZODB's selector": (lambda world: send(world, "account", "_p_changed"), NotASelector),
    "keyword as selector": (lambda world: send(world, "account", "class"), NotASelector),
    "code as expectation": (
        lambda world: send(world, "account", "learn_", expectation="__import__('os')"),
        UsageError,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_only_the_undefined_makes_a_mission(world: World, case: str) -> None:
    work, error = REFUSED[case]
    with pytest.raises(error):
        work(world)
    assert len(world.missions) == 0


def test_what_nobody_understands_is_parked_in_a_mission(world: World) -> None:
    way = send(world, "child", "withdraw_", 50, intent="take", expectation="self.balance == 50", bind="x")
    assert way == Parked("m1", 0)
    cycle = cycle_of(world, "m1")
    assert (cycle.target, cycle.kind, state_of(cycle)) == (
        world.lobby["child"],
        "unhandled_message",
        "IDLE",
    )
    assert cycle.mission_brief == {
        "type": "unhandled_message",
        "selector": "withdraw_",
        "parameters": ["value"],
        "intent": "take",
        "expectation": "self.balance == 50",
        "question": "",
    }
    (parked,) = cycle.parked
    assert (parked["arguments"], parked["bind"], parked["answered"]) == ({"value": 50}, "x", False)


def test_the_same_message_joins_the_mission_that_is_open(world: World) -> None:
    ways = [
        send(world, "account", "withdraw_", amount=1),
        send(world, "account", "withdraw_", amount=2),
        send(world, "child", "withdraw_", amount=3),
        send(world, "account", "close_", amount=4),
    ]
    assert ways == [Parked("m1", 0), Parked("m1", 1), Parked("m2", 0), Parked("m3", 0)]


def test_the_same_message_with_other_arguments_has_to_wait(world: World) -> None:
    send(world, "account", "withdraw_", amount=1)
    with pytest.raises(ArgumentMismatch, match="It takes: amount"):
        send(world, "account", "withdraw_", total=1)


@pytest.mark.parametrize("state", ["COMPLETE", "FAILED"])
def test_a_mission_that_is_done_is_not_joined(world: World, state: str) -> None:
    send(world, "account", "withdraw_", amount=1)
    enter(world, cycle_of(world, "m1"), state, 0.0)
    assert send(world, "account", "withdraw_", amount=1) == Parked("m2", 0)


RENDERED: dict[str, tuple[Callable[[World], Any], str]] = {
    "None": (lambda world: None, "None"),
    "truth": (lambda world: True, "True"),
    "a number": (lambda world: 1.5, "1.5"),
    "a text": (lambda world: "it's\n", '"it\'s\\n"'),
    "a list": (lambda world: [1, ["a"]], "[1, ['a']]"),
    "a tuple": (lambda world: (1,), "[1]"),
    "a dictionary": (lambda world: {"a": {"b": None}}, "{'a': {'b': None}}"),
    "an object with a name": (lambda world: world.lobby["account"], "account"),
    "battui's own object": (lambda world: world.root["traits_obj"], "traits_obj"),
    "objects within": (lambda world: [world.lobby["account"]], "[account]"),
    "an object without a name": (lambda world: UvmObject(), "<object, not yet stored>"),
    "a method": (lambda world: world.lobby["account"].deposit_, DEPOSIT),
    "a primitive": (
        lambda world: found(world.lobby["account"], "infer_"),
        "<battui's own infer(prompt, system_prompt=, max_tokens=, adapter=)>",
    ),
    "an open primitive": (lambda world: found(world.lobby["account"], "clone"), "<battui's own clone(...)>"),
    "a tree": (lambda world: OOBTree(), "<OOBTree>"),
}


def found(receiver: UvmObject, name: str) -> Any:
    result = find(receiver, name)
    assert isinstance(result, Found)
    assert isinstance(result.value, Primitive)
    return result.value


@pytest.mark.parametrize("case", RENDERED)
def test_a_value_reads_as_a_person_would_write_it(world: World, case: str) -> None:
    make, expected = RENDERED[case]
    assert rendered(world, make(world)) == expected
