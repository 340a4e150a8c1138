"""Models and adapters that come and go while a kernel runs, through its portal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from battui.contracts.commands import ListHistory, ShowStatus, Undo
from battui.contracts.errors import MissionFailed, ModelUnavailable, Refused, UnknownObject, UsageError
from battui.contracts.models import (
    AdapterList,
    AdapterView,
    AddAdapter,
    AddModel,
    ListAdapters,
    ListModels,
    ModelList,
    ModelView,
    RemoveAdapter,
    RemoveModel,
    UseModel,
)
from battui.contracts.replies import HistoryList, KernelStatus
from battui.engines.peft import WEIGHTS
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, sha256_of
from battui.image.world import World
from battui.kernel.experts.incarnation import add_adapter
from tests import tiny_bert
from tests.functional.conftest import Life, Live
from tests.functional.memory_bench import Q_ONLY, SCRIPT, SMALL, WORDS, weight
from tests.peft_adapters import make_adapter

Scripted = Callable[[str], Path]


@pytest.fixture
def poet(tmp_path: Path) -> str:
    make_adapter(tmp_path / "Poet", SMALL, seed=1, targets=Q_ONLY)
    return str(tmp_path / "Poet")


def cut(weights: Path) -> None:
    """Take the last two bytes from a file."""
    weights.chmod(0o600)
    weights.write_bytes(weights.read_bytes()[:-2])


async def adapters(life: Life, name: str = "") -> dict[str, AdapterView]:
    """The adapters of the script; what comes with battui is for another model."""
    reply = await life.submit(ListAdapters(name))
    assert isinstance(reply, AdapterList)
    return {view.name: view for view in reply.adapters if view.base == "script"}


async def infer(life: Life, adapter: str = "") -> object:
    return (await life.line(f"genesis_obj.infer_(prompt='hello', adapter='{adapter}')")).value


async def test_an_adapter_comes_speaks_and_goes(
    scripted_image: Scripted, live: Live, poet: str, tmp_path: Path
) -> None:
    files = make_adapter(tmp_path / "Poet", SMALL, seed=1, targets=Q_ONLY)
    async with live(scripted_image(SCRIPT)) as life:
        with pytest.raises(Refused, match="Loaded: none"):
            await infer(life, "poet")

        reply = await life.submit(AddAdapter(poet))
        assert isinstance(reply, AdapterList)
        assert [(view.name, view.base, view.rank) for view in reply.adapters] == [("poet", "script", 8)]
        assert reply.engine_budget == 512 << 20

        assert await infer(life, "poet") == WORDS["poet"]
        assert await infer(life) == WORDS[""]
        view = (await adapters(life, "poet"))["poet"]
        assert (view.tier, view.uses, view.config["r"]) == ("hot", 1, 8)
        promoted = await life.until(lambda event: event.kind == "expert" and event.data["to"] == "hot")
        assert promoted.data["adapter"] == "poet"
        assert promoted.data["bytes"] == weight(files)

        await life.submit(RemoveAdapter("poet"))
        assert await adapters(life) == {}
        with pytest.raises(Refused, match="Loaded: none"):
            await infer(life, "poet")
        with pytest.raises(UnknownObject):
            await life.submit(RemoveAdapter("poet"))

        history = await life.submit(ListHistory())
        assert isinstance(history, HistoryList)
        (removal,) = [entry for entry in history.entries if entry.description == "remove adapter poet"]
        await life.submit(Undo(removal.transaction))
        assert await infer(life, "poet") == WORDS["poet"]


async def test_what_is_no_adapter_is_refused_and_nothing_else_suffers(
    scripted_image: Scripted, live: Live, poet: str, tmp_path: Path
) -> None:
    cut(Path(poet) / WEIGHTS)
    async with live(scripted_image(SCRIPT)) as life:
        with pytest.raises(ModelUnavailable, match="damaged"):
            await life.submit(AddAdapter(poet))
        with pytest.raises(UsageError, match="there is no"):
            await life.submit(AddAdapter(str(tmp_path / "nowhere")))
        assert await adapters(life) == {}
        assert await infer(life) == WORDS[""]


async def test_a_blob_that_was_damaged_since_is_left_out_and_said_to_be(
    scripted_image: Scripted, live: Live, poet: str, tmp_path: Path
) -> None:
    folder = scripted_image(SCRIPT)
    make_adapter(tmp_path / "clerk", SMALL, seed=2, targets=Q_ONLY)
    with Image.open(str(folder)) as image:
        add_adapter(image, tmp_path / "clerk")
        add_adapter(image, Path(poet))
        blob = Path(image.read(lambda world: _weights(world, "poet")))
    cut(blob)
    async with live(folder) as life:
        assert await infer(life, "clerk") == WORDS["clerk"]
        found = await adapters(life)
        assert (found["clerk"].tier, found["poet"].tier) == ("hot", "refused")
        assert "damaged" in found["poet"].note
        warning = await life.until(lambda event: event.kind == "expert" and event.level == "warning")
        assert warning.about == "poet"
        status = await life.submit(ShowStatus())
        assert isinstance(status, KernelStatus)
        assert "without poet" in status.engine.message
        with pytest.raises((Refused, MissionFailed), match="damaged"):
            await infer(life, "poet")


def _weights(world: World, name: str) -> str:
    proxy = world.root["pLLM_obj"].lora_repository[name]
    return str(proxy.files[WEIGHTS].committed())


async def test_the_memory_is_an_object_that_understands_messages(
    scripted_image: Scripted, live: Live, poet: str, tmp_path: Path
) -> None:
    async with live(scripted_image(SCRIPT)) as life:
        await life.submit(AddAdapter(poet))
        move = (await life.line("memory_manager_obj.activate_expert_(name='poet')")).value
        assert isinstance(move, dict)
        assert (move["expert"], move["to"]) == ("poet", "hot")
        assert isinstance(move["ms"], int)
        assert move["ms"] >= 0
        assert (await life.line("memory_manager_obj.experts_()")).value == {"poet": "hot"}
        with pytest.raises(Refused, match="Loaded: poet"):
            await life.line("memory_manager_obj.activate_expert_(name='painter')")

        await life.line("memory_manager_obj.pinned = ['poet']")
        assert (await adapters(life))["poet"].pinned


async def test_models_are_listed_used_and_removed(
    scripted_image: Scripted, live: Live, poet: str, tmp_path: Path
) -> None:
    folder = scripted_image(SCRIPT)
    other = tmp_path / "other.toml"
    other.write_text("[[rules]]\nanswers = ['I am the other']\n")
    record = ModelRecord("other", "Other", "script", "scripted", sha256_of(other), other.stat().st_size)
    with Image.open(str(folder)) as image:
        add_adapter(image, Path(poet))
        incarnate_model(image, record, {other.name: other}, consume=False)
    async with live(folder) as life:
        assert await infer(life) == "I am the other"
        assert [(model.name, model.in_use) for model in await models(life)] == [
            ("other", True),
            ("script", False),
        ]
        assert (await adapters(life))["poet"].note == "for another model"

        await life.submit(UseModel("script"))

        assert await infer(life, "poet") == WORDS["poet"]
        (used, _) = await models(life)
        assert (used.name, used.in_use, used.adapters) == ("script", True, ("poet",))

        with pytest.raises(UnknownObject, match="It has: other, script"):
            await life.submit(UseModel("nobody"))
        await life.submit(RemoveModel("other"))
        assert await infer(life) == WORDS[""]
        await life.submit(RemoveModel("script"))
        assert await models(life) == ()
        with pytest.raises(ModelUnavailable, match="battui model"):
            await infer(life)


async def models(life: Life) -> tuple[ModelView, ...]:
    reply = await life.submit(ListModels())
    assert isinstance(reply, ModelList)
    return reply.models


async def test_a_model_for_vectors_comes_without_being_taken_into_use_and_its_steps_are_told(
    scripted_image: Scripted, live: Live, tmp_path: Path
) -> None:
    bert = tiny_bert.write(tmp_path / "Tiny-Bert.gguf", tiny_bert.weights())
    async with live(scripted_image(SCRIPT)) as life:
        for _ in range(2):  # the second time it is there already
            reply = await life.submit(AddModel(str(bert)))
            assert isinstance(reply, ModelList)
            assert [(view.name, view.in_use) for view in reply.models] == [
                ("script", True),
                ("tiny-bert", False),
            ]
        assert await infer(life) == WORDS[""]
        steps = [event for event in life.events if event.kind == "model"]
    size = bert.stat().st_size
    ends = [step.data["step"] for step in steps if step.data["done"] == step.data["bytes"] == size]
    assert ends == ["check", "store", "check"]
    assert {step.about for step in steps} == {"tiny-bert"}


async def test_a_file_that_is_no_model_is_refused(
    scripted_image: Scripted, live: Live, tmp_path: Path
) -> None:
    (tmp_path / "no.gguf").write_text("no")
    async with live(scripted_image(SCRIPT)) as life:
        with pytest.raises(ModelUnavailable):
            await life.submit(AddModel(str(tmp_path / "no.gguf")))
        with pytest.raises(UsageError):
            await life.submit(AddModel(str(tmp_path / "nowhere.gguf")))
        assert await infer(life) == WORDS[""]
