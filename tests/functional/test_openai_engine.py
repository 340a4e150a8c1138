"""A server's model through the engine's process and through a kernel: a real llama.cpp server on the loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from battui.contracts.commands import ShowStatus
from battui.contracts.errors import EngineFailed
from battui.contracts.generation import EngineOptions, ModelFiles
from battui.contracts.message_line import parse_line
from battui.contracts.replies import Answer, KernelStatus
from battui.contracts.settings import KEY_VARIABLE, EngineSettings, load_settings
from battui.kernel.kernel import Kernel
from battui.kernel.organs import engine_name, serves_elsewhere
from tests.functional.engine_bench import Watch, ask, running
from tests.llama_server import ALIAS, llama_server

KEY = "sk-for-the-loopback"
NAMELESS = ModelFiles("", "", {})
COUNTING = "1 2 3 4 5 6"


@pytest.fixture(scope="module")
def url(bundled_model: ModelFiles) -> Iterator[str]:
    path = Path(next(iter(bundled_model.files.values())))
    with (
        pytest.MonkeyPatch.context() as patch,
        llama_server(path, slots=2, key=KEY) as address,
    ):
        patch.setitem(os.environ, KEY_VARIABLE, KEY)
        yield address


@pytest.mark.model
async def test_it_is_asked_from_the_engines_process_and_the_key_stays_in_the_environment(
    url: str, tmp_path: Path
) -> None:
    watch = Watch()
    options = EngineOptions(context=512, parallel=2, url=url)
    async with running("openai", NAMELESS, tmp_path, announce=watch, options=options) as inference:
        result = await inference.generate(ask(COUNTING, max_tokens=6))

    assert result.candidates[0].text.startswith(" 7 8")
    assert KEY not in (tmp_path / "engine.log").read_text()
    assert KEY not in str(watch.seen)


@pytest.mark.model
async def test_a_wrong_key_is_told_and_not_shown(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sk-wrong")
    options = replace(EngineOptions(), url=url)
    async with running("openai", NAMELESS, tmp_path, options=options) as inference:
        with pytest.raises(EngineFailed, match=f"does not accept the key.*{KEY_VARIABLE}") as caught:
            await inference.generate(ask(COUNTING))

    assert "sk-wrong" not in str(caught.value)


@pytest.mark.model
async def test_a_kernel_with_an_empty_image_has_the_servers_model(url: str, tmp_path: Path) -> None:
    flags = {"image": str(tmp_path / "image"), "engine.url": url, "heartbeat.enabled": False}
    settings = load_settings(flags, {"HOME": str(tmp_path)}, None)
    kernel = Kernel(settings)
    with trio.fail_after(90):
        async with trio.open_nursery() as nursery:
            await nursery.start(kernel.run)
            line = "genesis_obj.infer_(prompt='Hello!')"
            reply = await kernel.portal.submit(parse_line(line))
            status = await kernel.portal.submit(ShowStatus())
            kernel.stop()

    assert isinstance(reply, Answer)
    assert str(reply.value).strip()
    assert isinstance(status, KernelStatus)
    assert status.engine.description is not None
    assert status.engine.description.model == ALIAS


@pytest.mark.parametrize(
    ("settings", "files", "expected"),
    [
        (EngineSettings(), {}, "llama.cpp"),
        (EngineSettings(), {"a.gguf": "/a.gguf"}, "llama.cpp"),
        (EngineSettings(), {"config.json": "/config.json"}, "exllamav2"),
        (EngineSettings(url="http://host"), {"a.gguf": "/a.gguf"}, "openai"),
        (EngineSettings(name="llama.cpp", url="http://host"), {}, "llama.cpp"),
    ],
)
def test_auto_takes_what_can_read_the_model(
    settings: EngineSettings, files: dict[str, str], expected: str
) -> None:
    assert engine_name(settings, ModelFiles("a", "", files)) == expected
    assert serves_elsewhere(settings) == (expected == "openai")
