"""`battui guard` on real files and streams, in real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = "class A:\n    def add(self, x):\n        self.rows.append(x)\n"
FIXED = BROKEN + "        self._p_changed = True\n"


def guard(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "battui", "guard", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.py"
    path.write_text(BROKEN)
    return path


def test_findings_name_file_and_line(broken: Path) -> None:
    ended = guard(str(broken))
    assert ended.returncode == 5
    assert ended.stdout.startswith(f"{broken}:3: ")
    assert broken.read_text() == BROKEN


def test_fix_rewrites_the_file_in_place(broken: Path) -> None:
    assert guard("--fix", str(broken)).returncode == 0
    assert broken.read_text() == FIXED
    assert guard(str(broken)).returncode == 0


def test_fix_of_stdin_goes_to_stdout() -> None:
    ended = guard("--fix", "-", stdin=BROKEN)
    assert (ended.returncode, ended.stdout) == (0, FIXED)


def test_fix_keeps_line_endings(broken: Path) -> None:
    broken.write_bytes(BROKEN.replace("\n", "\r\n").encode())
    assert guard("--fix", str(broken)).returncode == 0
    assert broken.read_bytes() == FIXED.replace("\n", "\r\n").encode()


def test_json_is_one_object_a_file(broken: Path) -> None:
    ended = guard("--output", "json", str(broken), str(broken))
    entries = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(entry["file"], entry["accepted"], entry["methods"]) for entry in entries] == [
        (str(broken), False, 1)
    ] * 2
    assert entries[0]["findings"][0]["line"] == 3


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ("covenant", 5),
        ("covenant-inplace", 0),
        ("allow", 0),
        ("covenant,allow", 5),
        ("covenant-inplace,allow", 0),
    ],
)
def test_rules_are_chosen(rules: str, code: int) -> None:
    assert guard("--rules", rules, stdin="def a(self):\n    self.n = 1\n").returncode == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rules", "all"],
        ["--rules", ""],
        ["--rules", "covenant,covenant-inplace"],
        ["no-such-file.py"],
        ["--jsonl", "a.py"],
        ["--jsonl", "--fix"],
        ["--unknown"],
    ],
)
def test_wrong_use_is_said_so(arguments: list[str]) -> None:
    ended = guard(*arguments)
    assert ended.returncode == 2
    assert ended.stderr


def test_stream_answers_each_line_in_order() -> None:
    sources = [
        "def a(self):\n    return 1\n",
        "def a(self):\n    self.n = 1\n",
        "def a(",
        "def a(self):\n    eval('1')\n",
    ]
    stream = "".join(
        json.dumps({"id": number, "source": source}) + "\n" for number, source in enumerate(sources)
    )
    ended = guard("--jsonl", stdin=stream)
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 5
    assert [answer["id"] for answer in answers] == [0, 1, 2, 3]
    assert [answer["accepted"] for answer in answers] == [True, False, False, False]
    assert [{finding["rule"] for finding in answer["findings"]} for answer in answers] == [
        set(), {"covenant"}, {"syntax"}, {"name"},
    ]  # fmt: skip
    assert [answer["repaired"] for answer in answers] == [
        None,
        sources[1] + "    self._p_changed = True\n",
        None,
        None,
    ]


def test_stream_of_accepted_methods_ends_well() -> None:
    assert (
        guard("--jsonl", stdin='{"id": "a", "source": "def a(self):\\n    return 1\\n"}\n\n').returncode == 0
    )


@pytest.mark.parametrize("line", ["no json", "[]", '{"id": 1}', '{"id": 1, "source": 2}'])
def test_line_that_is_no_method_is_a_usage_error(line: str) -> None:
    assert guard("--jsonl", stdin=line + "\n").returncode == 2


def test_help_needs_no_libcst() -> None:
    script = "import sys\nimport battui.cli.guard\nassert 'libcst' not in sys.modules\n"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0
