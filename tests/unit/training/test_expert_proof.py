"""Where two texts part, and a model that is written out so that nothing in it is rounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import tiny_bert
from training.expert.proof import parting


@pytest.mark.parametrize(
    ("theirs", "ours", "place"),
    [
        ([5, 6, 7], [5, 8, 7], 1),
        ([5, 6, 7], [5, 6], 2),
        ([5, 6], [5, 6, 7], 1),
        ([5], [6], 0),
    ],
)
def test_texts_part_at_the_first_token_that_differs(theirs: list[int], ours: list[int], place: int) -> None:
    assert parting(theirs, ours) == place


def test_a_model_is_written_out_with_all_that_it_says_of_itself(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="training needs gguf: pip install -e '.[train]'")
    from training.expert.written_out import write_out

    base = tiny_bert.write(tmp_path / "base.gguf", tiny_bert.weights())
    write_out(base, tmp_path / "exact.gguf")

    before, after = gguf.GGUFReader(base), gguf.GGUFReader(tmp_path / "exact.gguf")
    told = [
        {name: field.contents() for name, field in each.fields.items() if not name.startswith("GGUF.")}
        for each in (before, after)
    ]
    assert told[0] == told[1]
    assert {tensor.tensor_type.name for tensor in after.tensors} == {"F32"}
    for one, other in zip(before.tensors, after.tensors, strict=True):
        assert one.name == other.name
        assert np.array_equal(gguf.dequantize(one.data, one.tensor_type), other.data)
