"""One grammar for terminal, command line and scripts: what each line stands for, and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.commands import Ask, Bind, Line, Named, Path, Read, Send, Write
from battui.contracts.errors import BattuiError, NotASelector, UsageError
from battui.contracts.message_line import parse_line, parse_script

ACCOUNT = Path(("account",))

MEANINGS: list[tuple[str, Line]] = [
    ("account", Read(ACCOUNT)),
    ("account.balance", Read(Path(("account", "balance")))),
    ("@1f.balance", Read(Path(("balance",), oid=0x1F))),
    ("account.owner.name = 'Ada'", Write(Path(("account", "owner", "name")), "Ada")),
    ("account.limit = -2.5", Write(Path(("account", "limit")), -2.5)),
    ("account.tags = ['a', {'b': None}]", Write(Path(("account", "tags")), ["a", {"b": None}])),
    ("total = 12", Bind("total", 12)),
    ("twin = account", Bind("twin", Named(ACCOUNT))),
    ("account.audit", Read(Path(("account", "audit")))),
    ("account.audit()", Send(ACCOUNT, "audit")),
    ("account.deposit_(50)", Send(ACCOUNT, "deposit_", positional=(50,))),
    ("account.deposit_(amount=50)", Send(ACCOUNT, "deposit_", named=(("amount", 50),))),
    (
        "account.move_(to=vault, note='# 1 => 2')",
        Send(ACCOUNT, "move_", named=(("to", Named(Path(("vault",)))), ("note", "# 1 => 2"))),
    ),
    (
        "account.deposit_(amount=50)   # add amount to balance",
        Send(ACCOUNT, "deposit_", named=(("amount", 50),), intent="add amount to balance"),
    ),
    (
        "account.deposit_(amount=50) # add amount to balance => self.balance == 150",
        Send(
            ACCOUNT,
            "deposit_",
            named=(("amount", 50),),
            intent="add amount to balance",
            expectation="self.balance == 150",
        ),
    ),
    (
        "account = genesis_obj.clone(balance=100)",
        Bind("account", Send(Path(("genesis_obj",)), "clone", named=(("balance", 100),))),
    ),
    ("account ? 'Which accounts are overdrawn?'", Ask(ACCOUNT, "Which accounts are overdrawn?")),
    ('account.owner ? "Who\'s that?"', Ask(Path(("account", "owner")), "Who's that?")),
]

REFUSED = [
    "account.",
    "account.deposit_(",
    "deposit_(amount=50)",
    "1 + 1",
    "account.balance += 1",
    "account.items[0]",
    "account.deposit_(**args)",
    "account.deposit_(amount=1 + 1)",
    "account.deposit_(amount=open('x'))",
    "account.tags = {1: 2}",
    "account ? who",
    "account ? ''",
    "a; b",
    "import os",
    "account.balance  # what for",
    "lambda: 0",
    "x" * 30_000,
]


@pytest.mark.parametrize(("line", "command"), MEANINGS, ids=[line for line, _ in MEANINGS])
def test_a_line_stands_for_one_command(line: str, command: Line) -> None:
    assert parse_line(line) == command


@pytest.mark.parametrize("line", REFUSED, ids=[line[:30] for line in REFUSED])
def test_what_is_no_message_is_refused_with_a_remedy(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_line(line)
    assert caught.value.remedy


@pytest.mark.parametrize("line", ["account._p_changed = True", "account.__class__()", "_x = 1", "a.b(_c=1)"])
def test_reserved_names_are_no_selectors(line: str) -> None:
    with pytest.raises(NotASelector):
        parse_line(line)


@given(st.text(max_size=200))
def test_any_text_is_either_understood_or_refused(text: str) -> None:
    with contextlib.suppress(BattuiError):
        assert parse_line(text)


def test_a_script_is_its_lines_and_names_the_line_that_is_wrong() -> None:
    script = "# a comment\n\naccount.balance\n  account.audit()\n"
    assert [(line.number, line.text) for line in parse_script(script)] == [
        (3, "account.balance"),
        (4, "account.audit()"),
    ]
    with pytest.raises(UsageError, match="line 2"):
        list(parse_script("account\naccount.(\n"))
