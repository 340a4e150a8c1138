"""The `battui` command as a user meets it: a real process, its stdout, its stderr and its exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.command_line.conftest import MAKE, Battui, Done, assert_told

USAGE = [
    ((), "no terminal", "--no-ui"),
    (("--no-ui",), "--no-ui has nothing to do", "--send LINE"),
    (("--send", "account"), "need --no-ui", "battui send"),
    (("--frobnicate",), "--frobnicate", "battui --help"),
    (("frobnicate",), "frobnicate", "battui --help"),
    (("send",), "LINE", "battui send --help"),
    (("show", "account", "--frobnicate"), "--frobnicate", "--help"),
    (("--output", "xml", "show"), "xml", "json"),
    (("send", "account."), "no message line", "A line looks like"),
    (("send", "account.9lives()"), "no message line", "A line looks like"),
    (("send", "1 + 1"), "no message", "A line looks like"),
    (("send", "account.deposit_(amount=open('x'))"), "an argument is a literal", "quotes"),
    (("show", "account.deposit_()"), "no path", "names with dots"),
    (("history", "--limit", "0"), "--limit", "1"),
    (("history", "--limit", "many"), "--limit", "many"),
    (("--no-ui", "--script", "nowhere.txt"), "nowhere.txt", "No such file"),
    (("--config", "nowhere.toml", "config"), "nowhere.toml", "--config"),
    (("--image", "", "config"), "image", "a text"),
    (("model", "pull", "smollm3"), "smollm3", "smollm2-135m"),
    (("model", "add", "nowhere.gguf"), "nowhere.gguf", "no such file"),
]


@pytest.mark.parametrize(("arguments", "what", "remedy"), USAGE)
def test_what_cannot_be_read_ends_with_2_and_a_way_out(
    battui: Battui, arguments: tuple[str, ...], what: str, remedy: str
) -> None:
    assert_told(battui(*arguments), 2, what, remedy)


def test_help_and_version_answer_on_stdout(battui: Battui) -> None:
    assert battui("--version") == Done(0, "battui 0.1.0\n", "")
    for command in ("", "send", "missions", "show", "history", "undo", "model", "guard", "doctor", "config"):
        done = battui(*[command] if command else [], "--help")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("usage: battui")


def test_what_is_configured_wrong_is_told_with_its_source(battui: Battui, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[heartbeat]\nperiod = 1\n")

    assert_told(battui("--config", str(config), "show"), 2, str(config), "period_s")
    assert_told(battui("show", BATTUI_CONFIG=str(config)), 2, str(config), "period_s")
    assert_told(battui("show", BATTUI_CELL_CPU_S="0"), 2, "BATTUI_CELL_CPU_S", "1 to 600")


def test_config_shows_what_is_in_force_and_prints_a_file_that_can_be_used(
    battui: Battui, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(battui("config", "default").out)

    shown = battui("--config", str(config), "--output", "json", "config", BATTUI_ENGINE_THREADS="3").objects

    assert shown[0]["reply"] == "settings"
    assert (shown[0]["engine"]["threads"], shown[0]["engine"]["parallel"]) == (3, 4)
    assert battui("--config", str(config), "config", "path").out == f"{config}\n"


REFUSED = [
    ("nobody.balance", 1, "nobody", ""),
    ("account.colour", 1, "colour", ""),
    ("account.balance(1)", 1, "takes no arguments", "Read it"),
    ("twin = genesis_obj.clone(5)", 1, "slots need names", "clone(balance=100)"),
    ("account._p_changed = True", 1, "_p_changed", "reserved"),
    ("account._secret()", 1, "_secret", "reserved"),
    ("account.limit = 1e999", 1, "inf", ""),
    ("class = 5", 2, "no message line", ""),
    ("account.learn_(amount=1)", 3, "model", "battui model pull smollm2-135m"),
]


@pytest.mark.parametrize(("line", "code", "what", "remedy"), REFUSED)
def test_a_line_that_cannot_be_performed_ends_with_its_code(
    battui: Battui, line: str, code: int, what: str, remedy: str
) -> None:
    done = battui("--no-ui", "--send", MAKE, "--send", line)

    assert done.code == code
    assert "--send, line 2: " in done.err
    assert what in done.err
    assert remedy in done.err
    assert "Traceback" not in done.err


def test_lines_are_performed_in_order_and_stay(battui: Battui) -> None:
    lines = "# a comment\n\n" + MAKE + "\naccount.balance = 120\naccount.owner = 'Ada'\n"

    assert battui("--no-ui", "--script", "-", stdin=lines).code == 0
    assert battui("send", "account.balance") == Done(0, "120\n", "")
    assert battui("send", "account.owner") == Done(0, "'Ada'\n", "")


def test_a_script_stops_at_its_first_failing_line_and_names_it(battui: Battui, tmp_path: Path) -> None:
    script = tmp_path / "lines.txt"
    script.write_text(f"# start\n{MAKE}\naccount.colour\naccount.balance = 7\n")

    done = battui("--no-ui", "--script", str(script))

    assert (done.code, done.out) == (1, "account\n")
    assert f"{script}, line 3: " in done.err
    assert battui("send", "account.balance").out == "100\n"


def test_nothing_of_a_script_is_performed_if_a_line_cannot_be_read(battui: Battui) -> None:
    done = battui("--no-ui", "--script", "-", stdin=f"{MAKE}\naccount.\n")

    assert_told(done, 2, "stdin", "line 2")
    assert battui("send", "account.balance").code == 1


def test_a_script_has_to_be_text(battui: Battui, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    assert_told(battui("--no-ui", "--script", str(tmp_path / "binary")), 2, "no UTF-8 text")


def test_with_json_every_reply_is_one_object_and_so_is_an_error(battui: Battui) -> None:
    done = battui(
        *("--no-ui", "--output", "json", "--send", MAKE, "--send", "account.balance", "--send", "nobody")
    )

    made, read, error = done.objects
    assert made["reply"] == "answer"
    assert made["line"] == 1
    assert list(made["value"]) == ["$ref"]
    assert (read["line"], read["value"], read["text"]) == (2, 100, "100")
    assert (error["reply"], error["error"], error["exit_code"]) == ("error", "UnknownObject", 1)
    assert done.code == 1


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("show",), "objects"),
        (("show", "genesis_obj"), "object"),
        (("missions",), "missions"),
        (("history",), "history"),
    ],
)
def test_each_look_at_the_image_has_a_kind_and_a_text(
    battui: Battui, arguments: tuple[str, ...], kind: str
) -> None:
    (shown,) = battui("--output", "json", *arguments).objects
    text = battui(*arguments)

    assert shown["reply"] == kind
    assert (text.code, text.err) == (0, "")
    assert "genesis" in text.out or kind == "missions"


def test_flags_may_stand_before_or_after_the_command(battui: Battui, tmp_path: Path) -> None:
    assert battui("--image", str(tmp_path / "a"), "send", MAKE).code == 0

    assert battui("send", "account.balance", "--image", str(tmp_path / "a"), "--output", "json").code == 0
    assert battui("send", "account.balance", "--image", str(tmp_path / "b")).code == 1


def test_undo_takes_a_transaction_back(battui: Battui) -> None:
    battui("--no-ui", "--send", MAKE, "--send", "account.balance = 7")
    entries = battui("--output", "json", "history", "account").objects[0]["entries"]
    change = next(entry for entry in entries if "write account.balance" in entry["description"])

    assert battui("undo", change["transaction"]).code == 0
    assert battui("send", "account.balance").out == "100\n"


@pytest.mark.parametrize("arguments", [("undo", "m99"), ("undo", "nonsense"), ("missions", "show", "m99")])
def test_what_is_not_there_is_refused(battui: Battui, arguments: tuple[str, ...]) -> None:
    assert_told(battui(*arguments), 1, arguments[-1])


DEPOSIT = """
[[rules]]
match = "deposit_"
answers = ["    self.balance += amount\\n    return self.balance\\n"]
"""


def test_the_demo_teaches_once_and_knows_ever_after(battui: Battui, script: Callable[[str], None]) -> None:
    script(DEPOSIT)

    first, second = (battui("--engine", "scripted", "demo") for _ in range(2))

    assert (first.code, second.code) == (0, 0), first.err
    for said in ("m1 SYNTHESIZING", "candidate 1 accepted", "installed deposit_", "> account.balance\n150\n"):
        assert said in first.out
    assert "understood at once" in second.out
    assert "SYNTHESIZING" not in second.out
    assert "> account.balance\n200\n" in second.out


def test_a_message_that_had_to_be_learned_is_answered_on_stdout_and_told_on_stderr(
    battui: Battui, script: Callable[[str], None]
) -> None:
    script(DEPOSIT)

    done = battui("--no-ui", "--engine", "scripted", "--send", MAKE, "--send", "account.deposit_(amount=50)")

    assert (done.code, done.out) == (0, "account\n150\n")
    for said in ("m1 SYNTHESIZING", "candidate 1 accepted", "installed deposit_", "m1 COMPLETE"):
        assert said in done.err
