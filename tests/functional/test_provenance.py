"""A mission says where every word of it came from, and so does the method that it installed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from battui.image.image import Image
from battui.mind.cycle import cycle_of
from tests.functional.conftest import BODIES, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH, Scripted
from tests.functional.test_personas import asked

AUDIT = "account.audit()  # return twice the balance"


async def test_everything_asked_of_the_engine_is_kept(
    scripted_image: Scripted, live: Live, tmp_path: Path
) -> None:
    folder = scripted_image(script_of(BODIES))
    digest = hashlib.sha256((tmp_path / "script.toml").read_bytes()).hexdigest()
    async with live(folder, mission__depth="council") as life:
        await life.line(MAKE)
        await life.line(TEACH)
        await life.line(AUDIT)
        first, second = await life.mission("m1"), await life.mission("m2")
    generations: Any = second.provenance["generations"]
    prompts: Any = second.provenance["prompts"]
    assert {(told["model"], told["model_sha256"]) for told in generations} == {("script", digest)}
    assert [told["purpose"] for told in generations] == ["plan", "facet", "candidates", "candidates"]
    assert sum(told["tokens"] for told in generations) == second.tokens
    assert {told["prompt"] for told in generations} == set(prompts)
    for key, prompt in prompts.items():
        assert hashlib.sha256(prompt.encode()).hexdigest() == key
    assert all(told["sampling"].keys() >= {"temperature", "seed", "top_p"} for told in generations)
    assert all(told["adapter"] == "" for told in generations)
    assert second.provenance["examples"] == ["deposit_: add amount to balance"]
    assert first.seconds > 0
    assert len(second.candidates) == sum(told["candidates"] for told in asked(second, "candidates"))
    with Image.open(str(folder)) as image:
        origin = image.read(lambda world: dict(world.lobby["account"]._slots["audit"].provenance))
        size = image.read(lambda world: len(str(cycle_of(world, "m2").thoughts.prompts)))
    assert (origin["mission"], origin["model_sha256"], origin["adapter"]) == ("m2", digest, "")
    assert origin["prompt"] in prompts
    assert "def audit(self):" in prompts[origin["prompt"]]
    assert (origin["candidate"], origin["edited"], origin["examples"]) == (
        0,
        False,
        ["deposit_: add amount to balance"],
    )
    assert size < 0.7 * sum(map(len, prompts.values())), "long prompts are kept compressed"
