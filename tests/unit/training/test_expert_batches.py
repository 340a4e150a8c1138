"""What of an example is read and what is learned, and in which order."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.training.tiny_llama import random_examples
from training.expert.batches import Example, batch_of, cut, one_pass, read_examples


class Letters:
    """A tokenizer with one token for each character."""

    eos_token_id = 2

    def __call__(self, texts: list[str], *, add_special_tokens: bool) -> dict[str, list[list[int]]]:
        assert not add_special_tokens
        return {"input_ids": [[ord(letter) for letter in text] for text in texts]}


def written(folder: Path, *lines: tuple[str, str]) -> Path:
    path = folder / "train.jsonl"
    told = [json.dumps({"prompt": prompt, "completion": said, "tier": 2}) for prompt, said in lines]
    path.write_text("\n".join(told) + "\n")
    return path


def test_an_example_ends_with_the_token_that_ends_a_text(tmp_path: Path) -> None:
    (example,) = read_examples(written(tmp_path, ("def f():", "\n    return 1")), Letters(), longest=99)
    assert example.prompt == tuple(map(ord, "def f():"))
    assert example.completion == (*map(ord, "\n    return 1"), Letters.eos_token_id)
    assert example.tier == 2


def test_what_is_too_long_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, ("abc", "de"), ("abcd", "ef"))
    assert [example.length for example in read_examples(path, Letters(), longest=5)] == [5]


def test_only_the_completion_is_learned() -> None:
    batch = batch_of([Example((10, 11, 12), (20, 2), 1), Example((13,), (21, 22, 2), 3)])
    assert batch.tokens.tolist() == [[10, 11, 12, 20, 0, 0, 0, 0], [13, 21, 22, 0, 0, 0, 0, 0]]
    # Said are a completion's tokens, each at the place of the token before it; nothing is said at the padding.
    assert list(zip(batch.positions.tolist(), batch.targets.tolist(), strict=True)) == [
        (2, 20),
        (3, 2),
        (8, 21),
        (9, 22),
        (10, 2),
    ]


@pytest.mark.parametrize("budget", [1, 20, 64, 500])
def test_a_part_keeps_to_its_budget(budget: int) -> None:
    examples = sorted(random_examples(60), key=lambda example: example.length)
    parts = list(cut(examples, budget))
    assert [example for part in parts for example in part] == examples
    assert all(len(part) == 1 or batch_of(part).tokens.numel() <= budget for part in parts)


def test_a_pass_has_every_example_once_in_an_order_of_its_seed() -> None:
    examples = random_examples(300)
    first, again, other = (one_pass(examples, 64, seed) for seed in ("1 0", "1 0", "1 1"))
    assert Counter(example for part in first for example in part) == Counter(examples)
    assert first == again != other


def test_parts_are_of_like_length() -> None:
    examples = random_examples(300)
    used = padded = 0
    for part in one_pass(examples, 128, "seed"):
        used += sum(example.length for example in part)
        padded += batch_of(part).tokens.numel()
    assert used > 0.65 * padded  # these are short, and a width is a multiple of 8
