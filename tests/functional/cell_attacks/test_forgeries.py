"""Messages that no honest cell would write: each is called hostile, and shows and changes nothing."""

from __future__ import annotations

import pytest

from battui.kernel.cells.cells import CellBlock
from tests.functional.cell_attacks.conftest import (
    ESCAPE,
    SECRET,
    Bank,
    assert_still_serving,
    needs_seccomp,
    run,
)

pytestmark = needs_seccomp


FORGED = {
    "a change of an object never loaded": "answer(changes=[{'oid': 2, 'put': {'name': 'Eve'}, 'removed': []}])",
    "a change of an object never shown": "answer(changes=[{'oid': 99, 'put': {'word': 'x'}, 'removed': []}])",
    "a reference never shown": "answer(result=wire.Ref(99))",
    "a hidden reference": (
        "answer(changes=[{'oid': 1, 'put': {'entries': [{'x': wire.Ref(99)}]}, 'removed': []}])"
    ),
    "a method overwritten": "answer(changes=[{'oid': 1, 'put': {'total_': 1}, 'removed': []}])",
    "a primitive overwritten": "answer(changes=[{'oid': 1, 'put': {'clone': 1}, 'removed': []}])",
    "a parent put": "answer(changes=[{'oid': 1, 'put': {'parent*': wire.Ref(2)}, 'removed': []}])",
    "a reserved name": "answer(changes=[{'oid': 1, 'put': {'_p_oid': 1}, 'removed': []}])",
    "a slot that is no name": "answer(changes=[{'oid': 1, 'put': {'a b': 1}, 'removed': []}])",
    "a method removed": "answer(changes=[{'oid': 1, 'put': {}, 'removed': ['total_']}])",
    "one object twice": "answer(changes=[{'oid': 1, 'put': {}, 'removed': []}] * 2)",
    "a new object with a stranger as parent": (
        "answer(created=[{'oid': -1, 'slots': {}, 'parents': {'parent*': [wire.Ref(99)]}, 'cloned_from': None}])"
    ),
    "a clone of a stranger": "answer(created=[{'oid': -1, 'slots': {}, 'parents': {}, 'cloned_from': 99}])",
    "a clone with other parents": (
        "answer(created=[{'oid': -1, 'slots': {}, 'parents': {'parent*': [wire.Ref(2)]}, 'cloned_from': 1}])"
    ),
    "a new object with an old number": "answer(created=[{'oid': 7, 'slots': {}, 'parents': {}, 'cloned_from': 1}])",
    "a field too many": "answer(more=1)",
    "a verdict nobody asked for": "answer(expectation_met=True)",
    "a failure of its own kind": (
        "say({'kind': 'answer', 'printed': '', 'failure': {'kind': 'hostile', 'message': '', 'error_type': '',"
        " 'traceback': '', 'oid': None, 'selector': ''}})"
    ),
    "an object never shown": "say({'kind': 'load', 'oid': 99})",
    "a service of nobody": "say({'kind': 'call', 'name': 'infer_', 'receiver': 1, 'arguments': {}})",
    "a service for a stranger": "say({'kind': 'call', 'name': 'now', 'receiver': 99, 'arguments': {}})",
    "a message of no kind": "say({'kind': 'open sesame'})",
    "no message": "say(None)",
    "an empty frame": "channel.send(b'')",
    "a pickle": "channel.send(b'\\x80\\x04\\x95.')",
    "nested too deep": "channel.send(b'\\x91' * 60000 + b'\\xc0')",
    "a number that is none": "channel.send(b'\\xcb\\x7f\\xf8' + b'\\x00' * 6)",
    "bytes": "channel.send(b'\\xc4\\x01x')",
    "an unknown extension": "channel.send(b'\\xd4\\x63x')",
    "an announced giant": "os.write(fd, b'\\xff' * 8)",
    "a real giant": "channel.send(b'\\xc0' * (4 << 20))",
    "a giant list": "channel.send(b'\\xdd\\xff\\xff\\xff\\xff')",
    "an object twice in one message": "channel.send(b'\\x82\\xa4kind\\xa4load\\xa4kind\\xa4load')",
    "a value and more": "channel.send(wire.pack({'kind': 'load', 'oid': 2}) + b'\\xc0')",
    "a number in a wide form": "channel.send(b'\\x82\\xa4kind\\xa4load\\xa3oid\\xd3' + b'\\x00' * 7 + b'\\x02')",
    "text that is no text": "channel.send(b'\\x81\\xa4kind\\xa4\\xff\\xfe\\xff\\xfe')",
    "half a character": "channel.send(b'\\x81\\xa4kind\\xa3\\xed\\xa0\\x80')",
    "a key that is no text": "channel.send(b'\\x81\\x01\\x02')",
    "a time": "channel.send(b'\\xd6\\xff' + b'\\x00' * 4)",
    "true for a number": "say({'kind': 'load', 'oid': True})",
    "no object": "channel.send(b'\\x82\\xa4kind\\xa4load\\xa3oid\\x00')",
    "an object beyond all": f"say({{'kind': 'load', 'oid': {1 << 70}}})",
    "a failure of a stranger": (
        "say({'kind': 'answer', 'printed': '', 'failure': {'kind': 'unknown', 'message': '', 'error_type': '',"
        " 'traceback': '', 'oid': 99, 'selector': 'x'}})"
    ),
    "an answer and a failure": (
        "answer(failure={'kind': 'raised', 'message': '', 'error_type': '', 'traceback': '', 'oid': None,"
        " 'selector': ''})"
    ),
    "an endless traceback": (
        "say({'kind': 'answer', 'printed': '', 'failure': {'kind': 'raised', 'message': '', 'error_type': '',"
        " 'traceback': 'x' * 30000, 'oid': None, 'selector': ''}})"
    ),
    "a reference in a new object": (
        "answer(result=wire.Ref(-1), created=[{'oid': -1, 'slots': {'x': wire.Ref(99)},"
        " 'parents': {'parent*': [wire.Ref(1)]}, 'cloned_from': None}])"
    ),
    "a new object that is not among them": "answer(result=wire.Ref(-2))",
    "a new object that is its own parent's stranger": (
        "answer(created=[{'oid': -1, 'slots': {}, 'parents': {'parent*': [wire.Ref(-7)]}, 'cloned_from': None}])"
    ),
    "a removed slot that is put": "answer(changes=[{'oid': 1, 'put': {'balance': 1}, 'removed': ['balance']}])",
    "a slot removed twice": "answer(changes=[{'oid': 1, 'put': {}, 'removed': ['balance', 'balance']}])",
    "a slot removed that is not there": "answer(changes=[{'oid': 1, 'put': {}, 'removed': ['nothing']}])",
    "a result nested too deep": (
        "nest = []\nfor _ in builtins.range(35):\n    nest = [nest]\nanswer(result=nest)"
    ),
    "a stranger as an argument": (
        "say({'kind': 'call', 'name': 'now', 'receiver': 1, 'arguments': {'x': [wire.Ref(99)]}})"
    ),
}


@pytest.mark.parametrize("forgery", FORGED)
async def test_a_forged_message_is_called_hostile(block: CellBlock, forgery: str) -> None:
    bank = Bank()
    answer = await run(block, f"{ESCAPE}{FORGED[forgery]}\nchannel.receive()", bank=bank)
    assert answer.failure is not None
    assert answer.failure.kind == "hostile", answer
    assert not answer.changes
    assert answer.result is None
    assert SECRET not in bank.loaded
    await assert_still_serving(block)


async def test_the_forger_s_tools_work(block: CellBlock) -> None:
    """The same payload with a change that is allowed: so the forgeries above fail for what they forge."""
    answer = await run(
        block, f"{ESCAPE}answer(changes=[{{'oid': 1, 'put': {{'balance': 1}}, 'removed': []}}])"
    )
    assert answer.failure is None
    assert answer.changes.changes[0].put == {"balance": 1}
    assert answer.changes.changes[0].serial == b"serial-1"
