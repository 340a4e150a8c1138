"""Settings: which source wins, what each accepts, and what is said of a value that cannot be used."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.errors import UsageError
from battui.contracts.settings import (
    SECTIONS,
    EngineSettings,
    config_path,
    load_settings,
    render_defaults,
)

HOME = {"HOME": "/home/ada"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_without_any_source_the_defaults_and_the_xdg_folders_are_in_force() -> None:
    settings = load_settings({}, HOME, None)

    assert settings.image == "/home/ada/.local/share/battui/image"
    assert settings.state_dir == Path("/home/ada/.local/state/battui")
    assert settings.cache_dir == Path("/home/ada/.cache/battui")
    assert settings.config_dir == Path("/home/ada/.config/battui")
    assert settings.engine == EngineSettings(name="auto", model="", threads=0, parallel=4, context=4096)
    assert settings.heartbeat.period_s == 3600.0


@pytest.mark.parametrize(
    ("variable", "value", "folder", "expected"),
    [
        ("XDG_DATA_HOME", "/data", "data_dir", "/data/battui"),
        ("XDG_STATE_HOME", "/state", "state_dir", "/state/battui"),
        ("XDG_CACHE_HOME", "/cache", "cache_dir", "/cache/battui"),
        ("XDG_CONFIG_HOME", "/config", "config_dir", "/config/battui"),
        ("XDG_DATA_HOME", "relative/counts/as/unset", "data_dir", "/home/ada/.local/share/battui"),
        ("XDG_DATA_HOME", "", "data_dir", "/home/ada/.local/share/battui"),
    ],
)
def test_the_folders_follow_the_xdg_rules(variable: str, value: str, folder: str, expected: str) -> None:
    settings = load_settings({}, HOME | {variable: value}, None)

    assert getattr(settings, folder) == Path(expected)


def test_the_image_moves_with_the_data_folder() -> None:
    assert load_settings({}, HOME | {"XDG_DATA_HOME": "/data"}, None).image == "/data/battui/image"


def test_a_flag_beats_the_environment_which_beats_the_file(config: Path) -> None:
    config.write_text('[engine]\nname = "file"\nmodel = "file"\nthreads = 1\n')
    environ = HOME | {"BATTUI_ENGINE_NAME": "environment", "BATTUI_ENGINE_MODEL": "environment"}

    engine = load_settings({"engine.name": "flag", "engine.model": None}, environ, config).engine

    assert (engine.name, engine.model, engine.threads, engine.parallel) == ("flag", "environment", 1, 4)


def test_the_users_own_file_is_read_without_being_named(tmp_path: Path) -> None:
    own = tmp_path / "battui" / "config.toml"
    own.parent.mkdir()
    own.write_text("[mission]\ncandidates = 9\n")

    settings = load_settings({}, HOME | {"XDG_CONFIG_HOME": str(tmp_path)}, None)

    assert settings.mission.candidates == 9
    assert config_path({"XDG_CONFIG_HOME": str(tmp_path)}) == own


ENVIRONMENT = [
    ("BATTUI_IMAGE", "zeo://127.0.0.1:9", "image", "zeo://127.0.0.1:9"),
    ("BATTUI_IMAGE", "~/world", "image", "/home/ada/world"),
    ("BATTUI_HEARTBEAT_PERIOD_S", "0.5", "heartbeat.period_s", 0.5),
    ("BATTUI_HEARTBEAT_PERIOD_S", "60", "heartbeat.period_s", 60.0),
    ("BATTUI_HEARTBEAT_ENABLED", "off", "heartbeat.enabled", False),
    ("BATTUI_HEARTBEAT_ENABLED", "YES", "heartbeat.enabled", True),
    ("BATTUI_CELL_MEMORY_MB", "512", "cell.memory_mb", 512),
    ("BATTUI_ENGINE_MODEL", "42", "engine.model", "42"),
    ("BATTUI_UI_KEYMAP", '{ quit = "ctrl+x" }', "ui.keymap", {"quit": "ctrl+x"}),
]


@pytest.mark.parametrize(("variable", "text", "key", "value"), ENVIRONMENT)
def test_an_environment_variable_is_read_as_the_type_of_its_key(
    variable: str, text: str, key: str, value: object
) -> None:
    found: object = load_settings({}, HOME | {variable: text}, None)
    for name in key.split("."):
        found = getattr(found, name)

    assert found == value
    assert isinstance(value, dict) or type(found) is type(value)


REFUSED_IN_FILE = [
    ("colour = 1", "colour", "no such setting"),
    ("[hartbeat]\nperiod_s = 1", "hartbeat", "heartbeat"),
    ("[heartbeat]\nperiod = 1", "heartbeat.period", "period_s"),
    ("heartbeat = 3", "heartbeat", "[heartbeat]"),
    ('[heartbeat]\nperiod_s = "soon"', "heartbeat.period_s", "a number (0.1 to 31_536_000)"),
    ("[heartbeat]\nenabled = 1", "heartbeat.enabled", "true or false"),
    ("[cell]\nwall_s = true", "cell.wall_s", "a number"),
    ("[cell]\nwall_s = nan", "cell.wall_s", "a number"),
    ("[cell]\nwall_s = 0", "cell.wall_s", "0.05 to 600"),
    ("[cell]\nmemory_mb = 64.5", "cell.memory_mb", "a whole number"),
    ("[engine]\nparallel = 65", "engine.parallel", "1 to 64"),
    ('[mission]\napproval = "maybe"', "mission.approval", "one of auto, ask, terminal"),
    ("image = ''", "image", "a text"),
    ("image = 3", "image", "a text"),
    ("[ui.keymap]\nquit = 3", "ui.keymap", "a table of action = key"),
    ("[ui]\nkeymap = 3", "ui.keymap", "a table of action = key"),
    ("[heartbeat\n", "", "no TOML"),
]


@pytest.mark.parametrize(("text", "key", "hint"), REFUSED_IN_FILE)
def test_what_a_file_gets_wrong_is_told_with_file_key_and_remedy(
    config: Path, text: str, key: str, hint: str
) -> None:
    config.write_text(text)

    with pytest.raises(UsageError) as refused:
        load_settings({}, HOME, config)

    assert str(config) in str(refused.value)
    assert key in str(refused.value)
    assert hint in str(refused.value)


REFUSED_IN_ENVIRONMENT = [
    ("BATTUI_HARTBEAT_PERIOD_S", "1", "BATTUI_HEARTBEAT_PERIOD_S"),
    ("BATTUI_HEARTBEAT_PERIOD_S", "soon", "a number"),
    ("BATTUI_HEARTBEAT_ENABLED", "maybe", "true or false"),
    ("BATTUI_CELL_CPU_S", "0", "1 to 600"),
    ("BATTUI_IMAGE", "", "a text"),
]


@pytest.mark.parametrize(("variable", "text", "hint"), REFUSED_IN_ENVIRONMENT)
def test_what_the_environment_gets_wrong_is_told_with_the_variable(
    variable: str, text: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=variable) as refused:
        load_settings({}, HOME | {variable: text}, None)

    assert hint in str(refused.value)


@pytest.mark.parametrize("flags", [{"engine.nam": "x"}, {"engine.name": 3}, {"image": ""}])
def test_what_a_flag_gets_wrong_is_told_too(flags: Mapping[str, object]) -> None:
    with pytest.raises(UsageError, match="flag"):
        load_settings(flags, HOME, None)


def test_a_named_file_has_to_be_there_and_be_readable_text(config: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load_settings({}, HOME, config)
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings({}, HOME, tmp_path)
    config.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="no TOML"):
        load_settings({}, HOME, config)


def test_the_rendered_defaults_are_the_defaults_and_explain_every_key(config: Path) -> None:
    text = render_defaults()
    config.write_text(text)

    assert load_settings({}, HOME, config) == load_settings({}, HOME, None)
    lines = text.splitlines()
    for kind in SECTIONS.values():
        for key in fields(kind):
            place = next(at for at, line in enumerate(lines) if line.startswith(f"{key.name} = "))
            assert lines[place - 1].startswith("# ")


KEYS = ["engine.parallel", "cell.wall_s", "heartbeat.enabled", "mission.approval", "hartbeat.enabled"]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["auto", "ask", "maybe"])


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_whatever_flags_say_settings_are_refused_or_in_range(flags: dict[str, object]) -> None:
    with contextlib.suppress(UsageError):
        settings = load_settings(flags, HOME, None)
        assert "hartbeat.enabled" not in flags
        assert 1 <= settings.engine.parallel <= 64
        assert 0.05 <= settings.cell.wall_s <= 600
        assert settings.heartbeat.enabled in (True, False)
        assert settings.mission.approval in ("auto", "ask", "terminal")


@given(low=st.integers(max_value=0), high=st.integers(min_value=65))
def test_numbers_outside_their_range_never_get_through(low: int, high: int) -> None:
    for value in (low, high):
        with pytest.raises(UsageError, match="1 to 64"):
            load_settings({"engine.parallel": value}, HOME, None)
