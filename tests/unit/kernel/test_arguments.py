"""The arguments of a message against the parameters of what understands it."""

from __future__ import annotations

from typing import Any

import pytest

from battui.contracts.commands import Named, Path, Send
from battui.contracts.errors import ArgumentMismatch, BattuiError, NotASelector, NotStorable, UnknownObject
from battui.image.image import Image
from battui.kernel.messages.arguments import Message, bound, invented, message_of


def message(*positional: Any, **named: Any) -> Message:
    return Message("account.deposit_", "deposit_", positional, named)


BOUND: dict[str, tuple[Message, tuple[str, ...], tuple[str, ...], dict[str, Any]]] = {
    "nothing": (message(), (), (), {}),
    "by place": (message(1, 2), ("a", "b"), (), {"a": 1, "b": 2}),
    "by name": (message(b=2, a=1), ("a", "b"), (), {"a": 1, "b": 2}),
    "by both": (message(1, b=2), ("a", "b"), (), {"a": 1, "b": 2}),
    "optional left out": (message(1), ("a",), ("b",), {"a": 1}),
    "optional by place": (message(1, 2), ("a",), ("b",), {"a": 1, "b": 2}),
    "optional by name": (message(1, b=None), ("a",), ("b",), {"a": 1, "b": None}),
}


@pytest.mark.parametrize("case", BOUND)
def test_arguments_go_to_their_parameters(case: str) -> None:
    given, parameters, optional, expected = BOUND[case]
    assert bound(given, parameters, optional) == expected


MISMATCHED: dict[str, tuple[Message, tuple[str, ...], tuple[str, ...], str, str]] = {
    "too many": (message(1, 2), ("a",), (), "2 arguments are too many", "It takes: a."),
    "any for none": (message(1), (), (), "1 arguments are too many", "It takes: nothing."),
    "unknown": (message(c=1), ("a", "b"), (), "no argument 'c'", "It takes: a, b."),
    "twice": (message(1, a=2), ("a",), (), "'a' is given twice", "It takes: a."),
    "missing": (message(b=2), ("a", "b"), (), "'a' is missing", "It takes: a, b."),
    "missing beside optional": (message(b=2), ("a",), ("b",), "'a' is missing", "It takes: a, b."),
}


@pytest.mark.parametrize("case", MISMATCHED)
def test_what_does_not_fit_is_told_with_what_is_wanted(case: str) -> None:
    given, parameters, optional, what, remedy = MISMATCHED[case]
    with pytest.raises(ArgumentMismatch) as raised:
        bound(given, parameters, optional)
    assert what in raised.value.what
    assert (raised.value.about, raised.value.remedy) == ("account.deposit_", remedy)


INVENTED: dict[str, tuple[Message, dict[str, Any]]] = {
    "none": (message(), {}),
    "named": (message(amount=50), {"amount": 50}),
    "one without a name": (message(50), {"value": 50}),
    "four without a name": (message(1, 2, 3, 4), {"value": 1, "second": 2, "third": 3, "fourth": 4}),
    "both": (message(50, currency="EUR"), {"value": 50, "currency": "EUR"}),
    "an invented name is taken": (message(1, 2, value=3), {"second": 1, "third": 2, "value": 3}),
}


@pytest.mark.parametrize("case", INVENTED)
def test_arguments_of_a_message_that_nobody_understands_get_names(case: str) -> None:
    given, expected = INVENTED[case]
    assert invented(given) == expected


NOT_INVENTED: dict[str, tuple[Message, type[BattuiError]]] = {
    "five without a name": (message(1, 2, 3, 4, 5), ArgumentMismatch),
    "more than the names left": (message(1, 2, 3, 4, value=5), ArgumentMismatch),
    "a name that is none": (Message("a.b", "b", (), {"class": 1}), NotASelector),
    "a reserved name": (Message("a.b", "b", (), {"_p_changed": True}), NotASelector),
}


@pytest.mark.parametrize("case", NOT_INVENTED)
def test_no_argument_is_dropped_or_renamed(case: str) -> None:
    given, error = NOT_INVENTED[case]
    with pytest.raises(error):
        invented(given)


def test_arguments_are_resolved_in_the_image(image: Image) -> None:
    account = Named(Path(("account",)))
    send = Send(Path(("account",)), "join_", (account, [Named(Path(("account", "balance")))]), (("n", 1),))

    def resolve(world: Any) -> None:
        resolved = message_of(world, send, "bound")
        assert resolved.about == "account.join_"
        assert resolved.positional[0] is world.lobby["account"]
        assert (resolved.positional[1], resolved.named, resolved.bind) == ([100], {"n": 1}, "bound")

    image.read(resolve)


@pytest.mark.parametrize(
    ("argument", "error"),
    [(Named(Path(("nobody",))), UnknownObject), (float("inf"), NotStorable), ({1: 2}, NotStorable)],
)
def test_arguments_that_cannot_be_kept_are_refused(
    image: Image, argument: Any, error: type[BattuiError]
) -> None:
    with pytest.raises(error):
        image.read(lambda world: message_of(world, Send(Path(("account",)), "keep_", (argument,)), ""))
