"""What learned code can get at by names without an underscore, the only ones that the guardian lets it write."""

from __future__ import annotations

import types
from collections.abc import Iterator

import pytest

from battui.cell.method import Methods
from battui.cell.namespace import Namespaces
from battui.cell.primitives import perform
from battui.cell.printing import Printed
from battui.cell.world import World
from battui.contracts.activation import MethodText, ObjectState
from battui.contracts.offered import offered
from battui.guardian.allow.names import attribute_fault
from tests.unit.cell.play import Play

OPEN = (types.ModuleType, types.FrameType, types.CodeType, types.TracebackType)
STEPS = 6


def offered_objects() -> Iterator[tuple[str, object]]:
    """What a method finds by name, what that makes, and the messages it can send."""
    names = Namespaces(offered()).make(printed=Printed(), now=lambda: 0.0)
    yield from ((name, value) for name, value in names["__builtins__"].items() if name != "__import__")  # type: ignore[attr-defined]
    for facade, attributes in offered().facades.items():
        yield from ((f"{facade}.{name}", getattr(names[facade], name)) for name in attributes)
    world = World(lambda _: {}, Methods(names).run, perform)
    world.take(ObjectState(1, b"", methods={"total_": MethodText("")}, primitives=frozenset({"clone"})))
    living = world.living(1)
    yield from [("self", living), ("self.total_", living.total_), ("self.clone", living.clone)]
    with pytest.raises(AttributeError) as caught:
        living.total_.nothing  # type: ignore[attr-defined]  # noqa: B018
    yield "an error", caught.value
    yield from [("text", ""), ("a list", []), ("a dictionary", {}), ("a function", lambda: 1), ("bytes", b"")]
    yield "a generator", (one for one in "")


def reached() -> dict[str, object]:
    """Everything that attributes and items lead to, by the way there."""
    found: dict[int, tuple[str, object]] = {}
    waiting = list(offered_objects())
    while waiting:
        way, thing = waiting.pop()
        if id(thing) in found or way.count(".") > STEPS:
            continue
        found[id(thing)] = way, thing
        if isinstance(thing, tuple | list):
            waiting += [(f"{way}[]", item) for item in thing]
        for name in dir(type(thing)) + list(getattr(thing, "__dict__", ())):
            if attribute_fault(name) is None and hasattr(thing, name):
                waiting.append((f"{way}.{name}", getattr(thing, name)))
    return dict(found.values())


def test_attributes_lead_to_no_module_frame_or_code_and_to_nothing_of_the_cell() -> None:
    things = reached()
    assert len(things) > 500
    own = ("battui.cell.living", "battui.cell.clock")
    for way, thing in things.items():
        assert not isinstance(thing, OPEN), way
        where = type(thing).__module__
        assert not where.startswith("battui") or where in own, (way, thing)


INSIDES = ("func", "args", "keywords")


@pytest.mark.parametrize("message", ["total_", "clone"])
@pytest.mark.parametrize("name", INSIDES)
def test_a_message_does_not_show_how_it_is_sent(play: Play, message: str, name: str) -> None:
    play.object(1, "def total_(self):\n    return 1", primitives=("clone",))
    answer = play.attempt(1, f"def look_(self):\n    return self.{message}.{name}")
    assert answer.failure is not None
    assert answer.failure.error_type == "AttributeError"


CALLED_FROM_C = {
    "re.compile('a(b)').sub('<\\\\1>', 'ab')": "<b>",
    "re.compile('a(b)').subn('\\\\1', 'ab')": ["b", 1],
    "re.match('a(b)', 'ab').expand('\\\\1')": "b",
    "'\u00e9'.encode('ascii', 'namereplace').decode()": "\\N{LATIN SMALL LETTER E WITH ACUTE}",
}


@pytest.mark.parametrize("expression", CALLED_FROM_C)
def test_what_python_imports_by_itself_is_there(play: Play, expression: str) -> None:
    play.object(1)
    assert play.attempt(1, f"def try_(self):\n    return {expression}").result == CALLED_FROM_C[expression]
