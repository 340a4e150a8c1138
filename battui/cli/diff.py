"""`battui diff PATH`: how a learned method has changed from version to version."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.contracts.replies import MethodStory


def add_parser(subparsers: Any) -> None:
    """Add the command `diff`."""
    parser = subparsers.add_parser("diff", help="show how a learned method changed between two versions")
    parser.add_argument("path", metavar="PATH", help="the method: such as account.deposit_")
    parser.add_argument("selector", nargs="?", help="the method's name, where PATH is its object")
    parser.add_argument(
        "--from",
        metavar="N",
        dest="old",
        type=int,
        help="the older version; by default the one before, 0 is none",
    )
    parser.add_argument(
        "--to", metavar="N", dest="new", type=int, help="the newer version; by default the present one"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print the difference; the exit code."""
    from battui.cli.headless import replies_to
    from battui.cli.wiring import path_of
    from battui.contracts.commands import ShowMethod
    from battui.contracts.replies import MethodStory

    named = ".".join(filter(None, (arguments.path, arguments.selector)))
    (story,) = replies_to(arguments, ShowMethod(path_of(named)))
    assert isinstance(story, MethodStory)
    _print(arguments.output, story, *chosen(story, arguments.old, arguments.new))
    return 0


def chosen(story: MethodStory, old: int | None, new: int | None) -> tuple[int, int]:
    """The two versions that are meant, None being the usual one; raises Refused where there is no such version."""
    last = len(story.versions)
    new = last if new is None else new
    old = new - 1 if old is None else old
    about = f"{story.holder}.{story.versions[0].selector}"
    _require(new, 1, last, about)
    _require(old, 0, last, about)
    return old, new


def difference(story: MethodStory, old: int, new: int) -> list[str]:
    """The lines of a unified diff between two versions; 0 is no method at all."""
    from difflib import unified_diff

    name = f"{story.holder}.{story.versions[0].selector}"
    before, after = (_source(story, number).splitlines() for number in (old, new))
    older, newer = (f"{name} {_title(story, number)}" for number in (old, new))
    return list(unified_diff(before, after, older, newer, lineterm=""))


def _require(number: int, low: int, last: int, about: str) -> None:
    from battui.contracts.errors import Refused

    if not low <= number <= last:
        remedy = f"It has versions 1 to {last}." if last > 1 else "It has one version, 1."
        raise Refused(f"there is no version {number}", about=about, remedy=remedy)


def _print(form: str, story: MethodStory, old: int, new: int) -> None:
    import json

    from battui.cli.reply_text import harmless

    lines = difference(story, old, new)
    if form == "json":
        told = {"reply": "diff", "holder": story.holder, "selector": story.versions[0].selector}
        numbers = {"from": old, "to": new, "versions": len(story.versions)}
        print(json.dumps(told | numbers | {"diff": "\n".join(lines)}, ensure_ascii=False))
    else:
        print(harmless("\n".join(lines)) or "no difference")


def _source(story: MethodStory, number: int) -> str:
    return story.versions[-number].source if number else ""


def _title(story: MethodStory, number: int) -> str:
    mission = story.versions[-number].mission if number else ""
    return f"version {number}{f' ({mission})' if mission else ''}"
