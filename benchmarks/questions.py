"""Questions about this project's own pages, put to a real model through the commands: answered, quoted, refused.

    python benchmarks/questions.py MODEL.gguf [--part 'held out'] [--show]

The questions stand in tests/data/questions.jsonl. An answer is right where it has one of the expressions that are
expected; a citation is right where it names a page on which the answer stands. A question without answers has to be
refused with "I do not know".
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "tests" / "data" / "questions.jsonl"
PAGES = ("README.md", "CONTRIBUTING.md", "docs")
UNKNOWN = "I do not know."
_PLACES = re.compile(r" \(([^()]+:\d+(?:, [^()]+:\d+)*)\)$")
Question = Mapping[str, Any]


def questions(part: str) -> list[Question]:
    """The questions of one part, or all of them."""
    read = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return [each for each in read if part in ("", each["part"])]


def answers(model: Path, asked: list[Question]) -> Iterator[str]:
    """What battui answers to each, in one process that has the pages in its catalog."""
    with tempfile.TemporaryDirectory() as folder:
        names = ("BATTUI_IMAGE", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
        places = {name: f"{folder}/{name.lower()}" for name in names}

        def battui(*arguments: str, stdin: str = "") -> str:
            command = [sys.executable, "-m", "battui.cli.main", *arguments]
            environ = {**os.environ, **places}
            done = subprocess.run(
                command, cwd=ROOT, env=environ, input=stdin, stdout=-1, stderr=-3, text=True, check=True
            )
            return done.stdout

        battui("model", "add", str(model))
        battui("index", *PAGES)
        lines = [f"reader ? {each['question']!r}" for each in asked]
        script = "\n".join(["reader = genesis_obj.clone()", *lines])
        told = battui("--no-ui", "--script", "-", "--output", "json", stdin=script)
        yield from (json.loads(line)["value"] for line in told.splitlines()[1:])


def judged(question: Question, answer: str) -> str:
    """One word for what became of a question."""
    refused = answer.startswith(UNKNOWN)
    if not question["answers"]:
        return "refused" if refused else "answered though nothing says it"
    if refused:
        return "refused though it is there"
    right = any(re.search(expected, answer, re.IGNORECASE) for expected in question["answers"])
    places = _PLACES.search(answer)
    cited = {place.rpartition(":")[0] for place in (places.group(1).split(", ") if places else ())}
    if not right:
        return "answered beside the point"
    return "right" if cited & set(question["documents"]) else "right, with a wrong citation"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--part", default="", choices=("", "development", "held out"))
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    asked = questions(arguments.part)
    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for question, answer in zip(asked, answers(arguments.model.resolve(), asked), strict=True):
        verdict = judged(question, answer)
        counts[bool(question["answers"])][verdict] += 1
        if arguments.show:
            print(f"{verdict}: {question['question']}\n    {answer}")
    for answerable, name in ((True, "answerable"), (False, "unanswerable")):
        found = counts[answerable]
        print(
            f"{found.total()} {name}: " + ", ".join(f"{count} {what}" for what, count in found.most_common())
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
