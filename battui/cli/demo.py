"""`battui demo`: an object learns a message, and still knows it the next time."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.contracts.portal import Portal
    from battui.contracts.replies import ObjectView

NAME, SELECTOR = "account", "deposit_"
MAKE = "account = genesis_obj.clone(balance=100)"
SEND = "account.deposit_(amount=50)"
READ = "account.balance"

TEACHING = """No object in this image understands deposit_. The message becomes a mission: a model writes candidates,
the guardian checks each one, a sealed process tries it against what stands after =>, and the best is installed."""
KNOWING = (
    """This image has already learned deposit_, so the message is understood at once: no model, no mission."""
)
DONE = """The method is part of the image now. Run `battui demo` again: the answer will come at once.
`battui show account` shows the method, `battui missions` how it was found, `battui undo` takes it back."""


def add_parser(subparsers: Any) -> None:
    """Add the command `demo`."""
    parser = subparsers.add_parser(
        "demo", help="watch an object learn a message (the second time it knows it)"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Perform the demo on the image; the exit code."""
    from battui.cli.approval import with_approval
    from battui.cli.headless import run_headless
    from battui.cli.wiring import settings_of

    # The story is what this command is for, so it is data; with --output json the replies are.
    out = sys.stderr if arguments.output == "json" else sys.stdout

    def tell(line: str) -> None:
        print(line, file=out, flush=True)

    async def work(portal: Portal) -> int:
        await _Demo(portal, tell, arguments.output).perform()
        return 0

    # Whoever starts the demo wants to see a method installed.
    settings = with_approval(settings_of(arguments), terminal=False)
    return run_headless(settings, work, verbose=arguments.verbose, tell=tell)


class _Demo:
    def __init__(self, portal: Portal, tell: Any, form: str) -> None:
        self.portal = portal
        self.tell = tell
        self.form = form

    async def perform(self) -> None:
        """Make the account where there is none, send it the message, and show what became of it."""
        view = await self._account()
        if view is None:
            await self._line(MAKE)
            view = await self._account()
        if _understands(view):
            self.tell(KNOWING)
            await self._line(SEND)
            await self._line(READ)
            return
        self.tell(TEACHING)
        await self._line(f"{SEND}  # add amount to balance => self.balance == {_balance(view) + 50}")
        await self._line(READ)
        self.tell(DONE)

    async def _account(self) -> ObjectView | None:
        from battui.contracts.commands import Path, ShowObject
        from battui.contracts.errors import UnknownObject
        from battui.contracts.replies import ObjectView

        try:
            view = await self.portal.submit(ShowObject(Path((NAME,))))
        except UnknownObject:
            return None
        return view if isinstance(view, ObjectView) else None

    async def _line(self, line: str) -> None:
        from battui.cli.output import print_reply
        from battui.contracts.message_line import parse_line

        self.tell(f"\n> {line}")
        print_reply(await self.portal.submit(parse_line(line)), self.form)


def _understands(view: ObjectView | None) -> bool:
    return view is not None and any(slot.name == SELECTOR and slot.method for slot in view.slots)


def _balance(view: ObjectView | None) -> int:
    """What the account holds; the expectation is reckoned from it, so an interrupted demo can be run again."""
    from battui.contracts.errors import Refused

    for slot in view.slots if view else ():
        if slot.name == "balance" and isinstance(slot.value, int) and not isinstance(slot.value, bool):
            return slot.value
    raise Refused(
        "this is not the demo's account: it has no whole number in balance",
        about=NAME,
        remedy="Run the demo on an image of its own: battui demo --image ./demo-image",
    )
