"""One activation: trials, expectations, failures, and the names a method finds."""

from __future__ import annotations

import pytest

from battui.cell.conversation import Call
from battui.contracts.activation import Activation, CellLimits, MethodText
from battui.contracts.offered import offered
from tests.unit.cell.play import Play


def test_a_trial_takes_the_place_of_what_is_there(play: Play) -> None:
    play.object(
        1, "def word_(self):\n    return 'installed'", "def twice_(self):\n    return self.word_() * 2"
    )
    assert play.attempt(1, "def word_(self):\n    return 'tried'").result == "tried"
    trial = MethodText("def word_(self):\n    return 'tried' if self.x else ''")
    play.object(2, parents=(1,), x=True)
    assert play.activate(Activation(2, "word_", trial=trial)).result == "tried"


def test_a_trial_that_calls_itself_and_is_called(play: Play) -> None:
    source = "def count_(self, n):\n    return 0 if n == 0 else 1 + self.count_(n=n - 1)"
    play.object(1)
    assert play.attempt(1, source, n=40).result == 40


EXPECTATIONS = {
    "self.balance == 150": True,
    "result == self.balance": True,
    "result > 200": False,
    "len(str(result)) == 3": True,
}


@pytest.mark.parametrize("text", EXPECTATIONS)
def test_an_expectation_is_judged_after_the_method(play: Play, text: str) -> None:
    deposit = """def deposit_(self, amount):
    self.balance += amount
    self._p_changed = True
    return self.balance
"""
    play.object(1, deposit, balance=100)
    answer = play.send(1, "deposit_", expectation=text, amount=50)
    assert answer.expectation_met is EXPECTATIONS[text]
    assert answer.expectation_error == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("self.nothing == 1", "NotUnderstood"),
        ("result / 0 == 1", "ZeroDivisionError"),
        ("result ==", "SyntaxError"),
    ],
)
def test_an_expectation_that_raises_is_no_verdict(play: Play, text: str, words: str) -> None:
    play.object(1, "def one_(self):\n    return 1")
    answer = play.send(1, "one_", expectation=text)
    assert (answer.result, answer.expectation_met) == (1, None)
    assert answer.expectation_error.startswith(words)


def test_an_expectation_changes_nothing(play: Play) -> None:
    play.object(1, "def one_(self):\n    return 1", entries=[])
    answer = play.send(1, "one_", expectation="self.entries.append(1) is None")
    assert answer.expectation_met is True
    assert not answer.changes


def test_a_traceback_shows_the_method_s_own_lines(play: Play) -> None:
    play.object(
        1,
        "def outer_(self):\n    return self.inner_(x=0)",
        "def inner_(self, x):\n    # divide\n    return 1 / x",
    )
    failure = play.send(1, "outer_").failure
    assert failure is not None
    assert (failure.kind, failure.error_type, failure.message) == (
        "raised",
        "ZeroDivisionError",
        "division by zero",
    )
    assert failure.traceback == (
        "Traceback (most recent call last):\n"
        '  File "<outer_ of @1>", line 2, in outer_\n'
        "    return self.inner_(x=0)\n"
        '  File "<inner_ of @1>", line 3, in inner_\n'
        "    return 1 / x\n"
        "ZeroDivisionError: division by zero"
    )


def test_a_source_that_does_not_parse_shows_its_line(play: Play) -> None:
    play.object(1)
    failure = play.attempt(1, "def x(self):\n    return 1 +").failure
    assert failure is not None
    assert failure.error_type == "SyntaxError"
    assert "line 2" in failure.traceback


ESCAPE = """def x(self):
    found = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'BaseException']
    for kind in found:
        found.extend(kind.__subclasses__())
        if kind.__name__ == wanted:
            raise kind('x')
"""


@pytest.mark.parametrize("wanted", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"])
def test_no_exception_gets_past_the_answer(play: Play, wanted: str) -> None:
    play.object(1)
    failure = play.attempt(1, ESCAPE.replace("wanted", repr(wanted))).failure
    assert failure is not None
    assert (failure.kind, failure.error_type) == ("raised", wanted)


def test_an_exception_may_carry_an_object(play: Play) -> None:
    play.object(1)
    failure = play.attempt(1, "def x(self):\n    raise ValueError(self)").failure
    assert failure is not None
    assert failure.message == "<object @1>"


@pytest.mark.parametrize("name", ["open", "eval", "exec", "getattr", "type", "object", "globals", "os"])
def test_what_is_not_offered_is_not_there(play: Play, name: str) -> None:
    play.object(1)
    failure = play.attempt(1, f"def x(self):\n    return {name}").failure
    assert failure is not None
    assert failure.error_type == "NameError"


@pytest.mark.parametrize("name", sorted(offered().names))
def test_what_is_offered_is_there(play: Play, name: str) -> None:
    play.object(1)
    assert play.attempt(1, f"def x(self):\n    return [{name}] != []").result is True


FACADES = sorted(
    f"{name}.{attribute}" for name, allowed in offered().facades.items() for attribute in allowed
)


@pytest.mark.parametrize("name", FACADES)
def test_what_facades_offer_is_there(play: Play, name: str) -> None:
    play.object(1)
    assert play.attempt(1, f"def x(self):\n    return [{name}] != []").result is True


@pytest.mark.parametrize("line", ["import math", "import os", "from time import __doc__", "import time"])
def test_nothing_is_imported(play: Play, line: str) -> None:
    play.object(1)
    failure = play.attempt(1, f"def x(self):\n    {line}").failure
    assert failure is not None
    assert failure.error_type == "ImportError"
    assert "without an import" in failure.message


@pytest.mark.parametrize("line", ["math.sys", "json.decoder", "re.enum", "math.pi = 3", "statistics.random"])
def test_facades_are_closed(play: Play, line: str) -> None:
    play.object(1)
    failure = play.attempt(1, f"def x(self):\n    {line}").failure
    assert failure is not None
    assert failure.error_type == "AttributeError"


NOW = 1_700_000_000.5

DATES = {
    "datetime.datetime.now().isoformat()": "2023-11-14T22:13:20.500000",
    "datetime.datetime.now(datetime.UTC).isoformat()": "2023-11-14T22:13:20.500000+00:00",
    "datetime.datetime.utcnow().year": 2023,
    "datetime.datetime.today().hour": 22,
    "str(datetime.date.today())": "2023-11-14",
    "(datetime.date.today() + datetime.timedelta(days=1)).day": 15,
    "(datetime.datetime.now() - datetime.datetime(2023, 11, 14)).days": 0,
    "datetime.datetime.now() == datetime.datetime.now()": True,
    "isinstance(datetime.datetime.strptime('2024-02-29', '%Y-%m-%d'), datetime.datetime)": True,
    "f'{datetime.datetime.now().date():%d.%m.%Y}'": "14.11.2023",
    "datetime.datetime.now().strftime('%H:%M')": "22:13",
    "datetime.date.fromisoformat('2024-02-29').isoformat()": "2024-02-29",
    "isinstance(datetime.datetime.now().date(), datetime.date)": True,
    "isinstance(datetime.datetime.now(), datetime.date)": True,
}


@pytest.mark.parametrize("expression", DATES)
def test_the_time_is_a_service(play: Play, expression: str) -> None:
    play.service = lambda call: NOW
    play.object(1)
    assert play.attempt(1, f"def x(self):\n    return {expression}").result == DATES[expression]
    assert play.asked in ([], [Call("now", 1, {})])


def test_printing_is_captured_and_cut(play: Play) -> None:
    source = "def say_(self):\n    print('é' * 3, 1, sep='-', end='!')\n    print('more')\n    return 1"
    play.object(1)
    activation = Activation(1, "say_", trial=MethodText(source))
    assert play.activate(activation).printed == "ééé-1!more\n"
    short = Activation(1, "say_", trial=MethodText(source), limits=CellLimits(output_bytes=5))
    assert play.activate(short).printed == "éé"


def test_two_methods_share_no_globals(play: Play) -> None:
    first = "hidden = 1\ndef first_(self):\n    return self.second_()"
    play.object(1, "def second_(self):\n    return hidden")
    failure = play.activate(Activation(1, "first_", trial=MethodText(first))).failure
    assert failure is not None
    assert failure.error_type == "NameError"
