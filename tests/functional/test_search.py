"""`battui index` and `battui search` as a user meets them: real processes, real files."""

from __future__ import annotations

import json
import math
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, sha256_of

COMMAND = (sys.executable, "-m", "battui.cli.main")


class Shell:
    """Runs battui on one image."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        places = {"BATTUI_IMAGE": str(self.folder / "image"), "XDG_CONFIG_HOME": str(self.folder / "config")}
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env={**os.environ, **places},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def index(self, *arguments: str) -> dict[str, Any]:
        done = self("index", *arguments, "--output", "json")
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def search(self, *arguments: str) -> list[dict[str, Any]]:
        done = self("search", *arguments, "--output", "json")
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    notes = tmp_path / "notes"
    (notes / "deep").mkdir(parents=True)
    (notes / "lions.md").write_text(
        "# Lions\n\nLions hunt at night.\n\n## Cubs\n\nThe cubs play in the grass.\n"
    )
    (notes / "deep" / "zebra.txt").write_text("A zebra sleeps.\n")
    (notes / "zoo.py").write_text("def feed(animal):\n    return animal\n")
    (notes / "page.html").write_text("<h1>Parrots</h1><p>They talk.</p>")
    return Shell(tmp_path)


def test_a_folder_is_indexed_once_and_then_only_what_changed(shell: Shell) -> None:
    assert shell.index("notes")["indexed"] == 4
    again = shell.index("notes")
    assert (again["indexed"], again["unchanged"]) == (0, 4)
    (shell.folder / "notes" / "lions.md").write_text("# Lions\n\nLions are gone.\n")
    changed = shell.index("notes")
    assert (changed["indexed"], changed["unchanged"]) == (1, 3)
    assert shell.search("cubs") == []
    (passage,) = shell.search("gone")
    assert (passage["document"], passage["line"], passage["headings"]) == ("notes/lions.md", 1, ["Lions"])


def test_passages_say_where_they_stand(shell: Shell) -> None:
    shell.index("notes")
    (passage,) = shell.search("cubs AND grass")
    assert (passage["line"], passage["headings"]) == (5, ["Lions", "Cubs"])
    text = (shell.folder / "notes" / "lions.md").read_text()
    assert text[passage["start"] : passage["end"]] == passage["text"]
    assert [passage["text"][start:end] for start, end in passage["marks"]] == ["Cubs", "cubs", "grass"]
    assert [found["document"] for found in shell.search("feed", "--where", "kind=python")] == ["notes/zoo.py"]
    done = shell("search", "parrots")
    assert done.stdout.startswith("notes/page.html:1  Parrots")


def test_what_has_vanished_is_pruned(shell: Shell) -> None:
    shell.index("notes")
    (shell.folder / "notes" / "deep" / "zebra.txt").unlink()
    assert len(shell.search("zebra")) == 1
    assert shell.index("notes/deep", "--prune")["pruned"] == 1
    assert shell.search("zebra") == []
    assert len(shell.search("lions")) == 1


def test_what_cannot_be_read_is_told_and_skipped(shell: Shell) -> None:
    notes = shell.folder / "notes"
    (notes / "link.txt").symlink_to(notes / "lions.md")
    (notes / "round").symlink_to(notes)
    (notes / "picture.png").write_bytes(b"\x89PNG\0\0")
    (notes / "old.txt").write_bytes(b"caf\xe9")
    (notes / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    with (notes / "huge.txt").open("wb") as huge:
        huge.truncate(17 << 20)
    told = shell.index("notes")
    reasons = {Path(skipped["name"]).name: skipped["reason"] for skipped in told["skipped"]}
    assert told["indexed"] == 4
    assert reasons["link.txt"] == reasons["round"] == "it is a symbolic link"
    assert "binary" in reasons["picture.png"]
    assert "UTF-8" in reasons["old.txt"]
    assert "PDF" in reasons["broken.pdf"]
    assert "larger" in reasons["huge.txt"]


def test_a_table_and_queries_make_a_run(shell: Shell) -> None:
    table = shell.folder / "docs.tsv"
    table.write_text(
        "1\tLions\tThey hunt.\n2\tZebras\tThey sleep.\n3\tonly text about lions that hunt lions\nbad\n"
    )
    told = shell.index("--tsv", str(table))
    assert told["indexed"] == 3
    assert [skipped["name"] for skipped in told["skipped"]] == [f"{table}:4"]
    queries = shell.folder / "queries.tsv"
    queries.write_text('q1\tDo "lions NOT hunt (\nq2\tzebra\n')
    done = shell("search", "--queries", str(queries), "--run", "run.txt")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in (shell.folder / "run.txt").read_text().splitlines()]
    assert [line[:4] for line in lines] == [
        ["q1", "Q0", "1", "1"],
        ["q1", "Q0", "3", "2"],
        ["q2", "Q0", "2", "1"],
    ]
    assert {line[5] for line in lines} == {"battui"}


ODD_TABLE = (
    b"\xef\xbb\xbfid\ttitle\ttext\r\n"
    b"7\tLions\tThey hunt\tat night.\r\n"
    b'"8"\t"Zebras ""of"" the grass"\t"They sleep."\r\n'
    b"a b\tonly text about parrots\r\n"
    b"\r\n"
    b"9\t\t\r\n"
    b"10\tbroken \xff\tbytes\r\n"
    b"7\tagain\ttwice\r\n"
    b'11\t\t5 inches" of "rain\r\n'
    b"12\tText\tthe id and title are names of columns, but not in the first line"
)


def test_tables_come_in_many_forms(shell: Shell) -> None:
    table = shell.folder / "odd.tsv"
    table.write_bytes(ODD_TABLE + b"\n13\t\t" + b"whale " * 200_000)
    told = shell.index("--tsv", str(table))
    assert told["indexed"] == 6
    reasons = {skipped["name"].rpartition("/")[2]: skipped["reason"] for skipped in told["skipped"]}
    assert set(reasons) == {"9", "odd.tsv:7", "7"}
    assert "empty" in reasons["9"]
    assert "UTF-8" in reasons["odd.tsv:7"]
    assert "same id" in reasons["7"]
    queries = shell.folder / "odd queries.tsv"
    queries.write_bytes(
        b'query-id\tquery\r\n1\tnight\r\n2\t"zebras"\r\n3 x\tparrots\r\n4\train\r\n5\twhale\r\n'
    )
    done = shell("search", "--queries", str(queries))
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert {len(row) for row in rows} == {6}
    found = [(row[0], row[2], row[3]) for row in rows]
    assert found == [
        ("1", "7", "1"),
        ("2", "8", "1"),
        ("3_x", "a_b", "1"),
        ("4", "11", "1"),
        ("5", "13", "1"),
    ]


def test_stdin_is_a_document_of_its_own(shell: Shell) -> None:
    done = shell("index", "-", "--name", "memo", "--meta", "year=1999", stdin="Remember the milk.")
    assert done.returncode == 0, done.stderr
    assert [found["document"] for found in shell.search("milk", "--where", "year=1990..2000")] == ["memo"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("search", "nowhere"), 1),
        (("search",), 2),
        (("search", "(a"), 2),
        (("search", "a", "--where", "x"), 2),
        (("search", "--run", "out"), 2),
        (("search", "--queries", "missing"), 2),
        (("index",), 2),
        (("index", "missing"), 2),
        (("index", "notes", "--language", "klingon"), 2),
    ],
)
def test_exit_codes(shell: Shell, arguments: tuple[str, ...], code: int) -> None:
    shell.index("notes")
    done = shell(*arguments)
    assert done.returncode == code
    assert done.stderr.startswith("battui: ")


MEANINGS = "[meanings]\nfeline = 'lions'\nkitten = 'cubs'\n"


def test_vectors_rank_beside_the_words_where_they_are_turned_on(shell: Shell) -> None:
    """From the commands: the model is in the image, the configuration names it, index and search use it."""
    script = shell.folder / "meanings.toml"
    script.write_text(MEANINGS)
    with Image.open(str(shell.folder / "image")) as image:
        record = ModelRecord("meanings", "", "script", "scripted", sha256_of(script), script.stat().st_size)
        incarnate_model(image, record, {script.name: script}, consume=False, in_use=False)
    assert shell.index("notes")["indexed"] == 4
    assert shell.search("feline") == []
    config = shell.folder / "config" / "battui"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[engine]\nname = 'scripted'\n[catalog]\nembeddings = 'meanings'\n")
    done = shell("index", "notes")
    assert "5 chunks embedded with meanings" in done.stderr
    assert "0 chunks embedded with meanings" in shell("index", "notes").stderr
    assert shell.search("feline", "--top", "1")[0]["document"] == "notes/lions.md"
    assert shell.search("feline AND grass") == []
    (shell.folder / "queries.tsv").write_text("1\tfeline\n2\tkitten\n")
    run = shell("search", "--queries", "queries.tsv", "--top", "1").stdout.splitlines()
    assert [line.split()[2] for line in run] == ["notes/lions.md", "notes/lions.md"]


def test_a_model_for_vectors_that_is_not_there_is_named(shell: Shell) -> None:
    shell.index("notes")
    done = shell("search", "lions", "--config", str(shell.folder / "named.toml"))
    assert done.returncode == 2
    (shell.folder / "named.toml").write_text("[catalog]\nembeddings = 'nowhere'\n")
    done = shell("search", "lions", "--config", str(shell.folder / "named.toml"))
    assert done.returncode == 1
    assert "nowhere" in done.stderr


def test_highlights_are_for_terminals(shell: Shell) -> None:
    shell.index("notes")
    assert "\x1b" not in shell("search", "cubs").stdout
    ours, theirs = pty.openpty()
    environ = {**os.environ, "BATTUI_IMAGE": str(shell.folder / "image"), "TERM": "xterm"}
    environ.pop("NO_COLOR", None)
    subprocess.run([*COMMAND, "search", "cubs"], cwd=shell.folder, env=environ, stdout=theirs, check=True)
    os.close(theirs)
    shown = b""
    with suppress(OSError):
        while part := os.read(ours, 4096):
            shown += part
    os.close(ours)
    assert b"The \x1b[1mcubs\x1b[0m play" in shown


COLLECTION = os.environ.get("SEARCH_COLLECTION", "")


@pytest.mark.slow
@pytest.mark.skipif(not COLLECTION, reason="SEARCH_COLLECTION names no folder with SciFact's three tables")
def test_a_collection_is_ranked_as_well_as_bm25_can(tmp_path: Path) -> None:
    """From the files to the run, by the commands alone; judged by nDCG@10."""
    folder, shell = Path(COLLECTION), Shell(tmp_path)
    assert shell.index("--tsv", str(folder / "docs.tsv"))["skipped"] == []
    done = shell("search", "--queries", str(folder / "queries.tsv"), "--run", "run.txt")
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = {}
    for line in (tmp_path / "run.txt").read_text().splitlines():
        found.setdefault(line.split()[0], []).append(line.split()[2])
    grades: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines():
        query, document, grade = line.split()
        grades.setdefault(query, {})[document] = int(grade)
    gains = [
        gain([held.get(name, 0) for name in found.get(query, [])[:10]]) / gain(sorted(held.values())[:-11:-1])
        for query, held in grades.items()
    ]
    assert sum(gains) / len(gains) >= 0.685


def gain(grades: list[int]) -> float:
    return sum(grade / math.log2(place + 2) for place, grade in enumerate(grades))
