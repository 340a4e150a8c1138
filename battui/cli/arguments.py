"""The arguments of the `battui` command. Nothing is imported here that `battui --help` does not need."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from battui import __version__
from battui.cli import screen
from battui.contracts.errors import UsageError

_DESCRIPTION = "A living image of objects that learn. Without a command: the full-screen terminal."
_COMMANDS = (
    *("send", "ask", "teach", "index", "search", "missions", "show", "diff", "history", "undo", "image"),
    *("verify", "model", "adapter", "persona", "guard", "stats", "log", "doctor", "config", "attach"),
    *("bridge", "serve", "completion", "demo", "bench"),
)
"""Each a module of this room with `add_parser`, in the order of the help."""
_MANUAL = Path(__file__).parent / "manual"


class CommandParser(ArgumentParser):
    """A parser that knows the flags every command shares, and whose errors are battui's own."""

    def __init__(self, **options: Any) -> None:
        # A command may define a flag of the same name for itself.
        super().__init__(conflict_handler="resolve", allow_abbrev=False, **options)
        shared = self.add_argument_group("shared flags")
        shared.add_argument(
            "--image", metavar="PLACE", default=SUPPRESS, help="the image: a folder or a zodburi"
        )
        shared.add_argument(
            "--config", metavar="FILE", type=Path, default=SUPPRESS, help="the configuration file"
        )
        shared.add_argument("--engine", metavar="NAME", default=SUPPRESS, help="what generates text")
        shared.add_argument("--model", metavar="NAME", default=SUPPRESS, help="a model in the image")
        shared.add_argument(
            "--output", choices=("text", "json"), default=SUPPRESS, help="the form of what goes to stdout"
        )
        shared.add_argument(
            "--verbose", action="store_true", default=SUPPRESS, help="more on stderr, tracebacks included"
        )

    def format_help(self) -> str:
        """What argparse knows, then the command's page of the manual."""
        words = self.prog.split()
        page = _MANUAL / f"{'-'.join(words[1:]) or words[0]}.txt"
        more = page.read_text(encoding="utf-8") if page.exists() else ""
        return f"{super().format_help()}\n{more}" if more else super().format_help()

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, remedy=f"`{self.prog} --help` shows what there is.")


def build_parser(words: Sequence[str] = ()) -> ArgumentParser:
    """The parser of the whole command line; `run` of its result is what to call with it.

    Where `words` begin with a command, it knows this one alone: nobody waits for the others.
    """
    parser = CommandParser(
        prog="battui",
        description=_DESCRIPTION,
    )
    parser.add_argument("--version", action="version", version=f"battui {__version__}")
    screen.add_arguments(parser)
    parser.set_defaults(image=None, config=None, engine=None, model=None, run=screen.run)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name in words[:1] if words and words[0] in _COMMANDS else _COMMANDS:
        import_module(f"battui.cli.{name}").add_parser(commands)
    return parser
