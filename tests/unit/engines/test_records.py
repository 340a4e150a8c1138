"""Requests and results keep their types on the way through plain values."""

from __future__ import annotations

import pytest

from battui.contracts.generation import (
    AdapterUse,
    ChatMessage,
    EngineDescription,
    Generated,
    GenerationRequest,
    GenerationResult,
    ModelFiles,
    Sampling,
)
from battui.engines.frames import Unpacker, pack
from battui.engines.records import NotARecord, from_plain, to_plain

RECORDS = [
    GenerationRequest(
        "1",
        messages=(ChatMessage("user", "hi"),),
        stop=("\n",),
        sampling=Sampling(0.5, seed=3),
        schema={"type": "object", "properties": {"a": {"enum": [1, None]}}},
        adapter=AdapterUse("coder", 0.5),
    ),
    GenerationResult("1", (Generated(0, "a", 1, "stop"),), seconds=1.0),
    EngineDescription("e", "1", capabilities=frozenset({"stream", "batch"}), adapters=("a", "b")),
    ModelFiles("m", "00", {"m.gguf": "/models/m.gguf"}),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_equal_over_the_wire(record: object) -> None:
    (frame,) = Unpacker().feed(pack("done", result=to_plain(record)))

    assert from_plain(type(record), frame["result"]) == record


def test_a_whole_number_will_do_for_a_fraction() -> None:
    assert from_plain(Sampling, {"temperature": 1}) == Sampling(1.0)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Sampling, None),
        (Sampling, {"temperature": "hot"}),
        (Sampling, {"seed": True}),
        (Sampling, {"seed": 1.0}),
        (Sampling, {"colour": 1}),
        (Generated, {"index": 0, "text": "a", "tokens": 1, "finish": "tired"}),
        (Generated, {"index": 0}),
        (GenerationResult, {"id": "1", "candidates": "abc"}),
        (GenerationResult, {"id": "1", "candidates": [{"index": 0}]}),
        (ModelFiles, {"name": "m", "sha256": "", "files": {"a": 1}}),
        (GenerationRequest, {"id": "1", "adapter": {"name": None}}),
    ],
)
def test_what_does_not_fit_is_refused(kind: type, data: object) -> None:
    with pytest.raises(NotARecord):
        from_plain(kind, data)
