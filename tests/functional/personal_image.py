"""An image that has learned some methods, each with cases: written down as missions would have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from battui.contracts.cases import Case
from battui.contracts.generation import ModelFiles
from battui.guardian import certify, review
from battui.image.cases import keep_cases
from battui.image.image import Image
from battui.image.method import Method
from battui.image.models import ModelRecord, incarnate_model
from battui.image.objects import UvmObject
from battui.kernel.experts.experts import incarnate_shipped

WORDS = (
    *("bakery", "garage", "harbour", "library", "orchard", "museum", "clinic", "theatre"),
    *("nursery", "brewery", "stable", "quarry", "vineyard", "foundry", "aquarium", "tannery"),
)


@dataclass(frozen=True)
class Lesson:
    """A method of one object, and what it does to a stock of so many."""

    holder: str
    selector: str
    intent: str
    body: str
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        return f"{self.holder}.{self.selector}"

    @property
    def source(self) -> str:
        return f'def {self.selector}(self, count):\n    """{self.intent}."""\n    {self.body}'


def lessons(count: int, *, cases: int = 3) -> Iterator[Lesson]:
    """A house rule that no intent spells out, the same in many places: a crate holds a dozen."""
    for place in WORDS[:count]:
        slot = f"{place}_stock"
        yield Lesson(
            holder=place,
            selector=f"receive_{place}_",
            intent=f"take in count crates for the {place}",
            body=f"self.{slot} += count * 12\n    self._p_changed = True\n    return self.{slot}",
            cases=tuple(_case(slot, have, count) for have, count in list(_SENT)[:cases]),
        )


_SENT: Sequence[tuple[int, int]] = ((10, 3), (0, 7), (25, 1), (4, 4))


def _case(slot: str, have: int, count: int) -> Case:
    after = have + count * 12
    return Case("send", {slot: have}, {"count": count}, {slot: after}, result=after, answers=True)


def learned(folder: Path, told: Sequence[Lesson], model: ModelFiles | None = None, **record: Any) -> Path:
    """An image in `folder` with these methods; with the bundled model and its expert, if given."""
    with Image.open(str(folder)) as image:
        if model is not None:
            (file,) = model.files.items()
            size = Path(file[1]).stat().st_size
            known = ModelRecord(model.name, model.name, "llama", "gguf", model.sha256, size, **record)
            incarnate_model(image, known, {file[0]: Path(file[1])}, consume=False)
            incarnate_shipped(image)
        with image.unit_of_work("learn") as world:
            for lesson in told:
                verdict = review(lesson.source)
                assert verdict.accepted, verdict.errors
                method = Method(
                    verdict.source,
                    lesson.selector,
                    verdict.parameters,
                    intent=lesson.intent,
                    certificate=certify(verdict, ()),
                    provenance={},
                )
                holder = UvmObject({"parent*": [world.root["traits_obj"]]})
                world.lobby[lesson.holder] = holder
                setattr(holder, lesson.selector, method)
                keep_cases(world, method, lesson.cases)
    return folder
