"""Where a personal adapter is made: a folder of the cache for each set of lessons, so that work can go on there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from battui.cli.bench.borrowed_model import linked
from battui.cli.model_place import performed
from battui.cli.personal.lessons import Lessons
from battui.cli.personal.measuring import Comparison
from battui.contracts.errors import ModelUnavailable, Refused, UnknownObject
from battui.contracts.generation import AdapterFiles, ModelFiles
from battui.contracts.models import AddAdapter
from battui.contracts.settings import Settings
from battui.engines.peft import CONFIG, EXPERT, WEIGHTS
from battui.image.adapters import adapter_files, list_adapters
from battui.image.image import Image
from battui.image.models import model_files
from battui.kernel.experts.incarnation import checked_name
from battui.mind.method_form import SHIPPED, MethodForm, read_form

LOCK = "lock"
EXAMPLES, TASKS, KEPT, RUN = "examples.jsonl", "own.jsonl", "kept.jsonl", "run"


class Desk:
    """Begins with the expert that comes with battui: personal ones do not pile up on each other."""

    def __init__(self, settings: Settings, name: str, model: ModelFiles, expert: AdapterFiles) -> None:
        self._settings, self._name, self._model, self._expert = settings, name, model, expert
        place = hashlib.sha256(settings.image.encode()).hexdigest()[:12]
        self._desks = settings.cache_dir / "personal" / place / name
        self.folder = self._desks

    @classmethod
    @contextmanager
    def of(cls, settings: Settings, name: str) -> Iterator[Desk]:
        """A desk for the model and the expert of an image; they are there as long as the block lasts.

        Raises Refused where the name is taken, ModelUnavailable without a model and an expert to begin with.
        """
        checked_name(name, "an adapter")
        with Image.look(settings.image) as image:
            if name in {held.name for held in list_adapters(image)}:
                remedy = f"Remove it first, battui adapter remove {name}, or choose another with --name."
                raise Refused("the image has an adapter of this name", about=name, remedy=remedy)
            model = image.read(lambda world: model_files(world, settings.engine.model))
            if model is None:
                raise ModelUnavailable(
                    "no model is in this image", about=settings.image, remedy="Run: battui model pull"
                )
            experts = image.read(lambda world: adapter_files(world, model.sha256))
            desk = cls(settings, name, model, _shipped(experts, model))
            with desk._taken():
                yield desk

    @contextmanager
    def _taken(self) -> Iterator[None]:
        """Nobody else works at this desk meanwhile; raises Refused where somebody does."""
        self._desks.mkdir(parents=True, exist_ok=True)
        with (self._desks / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                remedy = "Wait for it, or choose another name with --name."
                raise Refused(
                    "an adapter of this name is being trained already", about=self._name, remedy=remedy
                ) from None
            yield

    @property
    def form(self) -> MethodForm:
        """How the expert is asked."""
        path = self._expert.files[EXPERT]
        return read_form(Path(path).read_bytes(), about=path)

    @property
    def adapter(self) -> Path:
        """The folder of the trained adapter."""
        return self.folder / RUN / self._name

    @property
    def tasks(self) -> Path:
        """The image's own tasks."""
        return self.folder / TASKS

    @property
    def kept(self) -> Path:
        """The tasks that tell what would be lost; the trainer brings them."""
        return self.folder / RUN / KEPT

    def lay(self, taught: Lessons, passes: float) -> None:
        """Lay everything ready. Work on the same lessons goes on; what was begun on others is dropped."""
        digest = hashlib.sha256(json.dumps([taught.examples, taught.tasks, passes]).encode())
        digest.update(f"{self._expert.sha256} {self._settings.mission.expert}".encode())
        self.folder = self._desks / digest.hexdigest()[:16]
        for stale in self._desks.iterdir():
            if stale.is_dir() and stale != self.folder:
                shutil.rmtree(stale)
        begin = self.folder / SHIPPED
        begin.mkdir(parents=True, exist_ok=True)
        for file, path in self._expert.files.items():
            shutil.copyfile(path, begin / file)
        _write_lines(self.folder / EXAMPLES, taught.examples)
        _write_lines(self.tasks, taught.tasks)
        shutil.rmtree(self.folder / "base", ignore_errors=True)
        (self.folder / "base").mkdir()
        linked(self._model, self.folder / "base")

    def orders(self, passes: float) -> list[str]:
        """The arguments of the trainer."""
        (base,) = (self.folder / "base").iterdir()
        told = {"examples": self.folder / EXAMPLES, "from": self.folder / SHIPPED, "base": base}
        told |= {"out": self.folder / RUN, "adapter": self.adapter, "kept-tasks": self.kept}
        named = [word for name, path in told.items() for word in (f"--{name}", str(path))]
        return [*named, "--passes", f"{passes:g}"]

    def keep(self, found: Comparison, taught: Lessons) -> None:
        """Put the adapter into the image, with what it was made of, and clear the desk."""
        form = Path(self._expert.files[EXPERT]).read_text("utf-8")
        told = {
            "methods": taught.trained,
            "examples": len(taught.examples),
            "began_with": self._expert.sha256,
            "before": str(found.before),
            "after": str(found.after),
        }
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items())
        (self.adapter / EXPERT).write_text(f"{form.rstrip()}\n\n[personal]\n{lines}", encoding="utf-8")
        performed(self._settings, AddAdapter(str(self.adapter.resolve()), self._name))
        shutil.rmtree(self.folder)


def _shipped(experts: Sequence[AdapterFiles], model: ModelFiles) -> AdapterFiles:
    for adapter in experts:
        if adapter.name == SHIPPED and {CONFIG, WEIGHTS, EXPERT} <= set(adapter.files):
            return adapter
    raise UnknownObject(
        "the image has no expert to begin with",
        about=f"{SHIPPED}, for {model.name}",
        remedy="It comes with battui for its own model: battui model pull, then start battui once.",
    )


def _write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), encoding="utf-8")
