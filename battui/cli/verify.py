"""`battui verify`: every learned method of an image, checked again without a model, a cell or a kernel."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.contracts.review import Finding
    from battui.image.method import Method
    from battui.image.world import World

REFUSED = 5


def add_parser(subparsers: Any) -> None:
    """Add the command `verify`."""
    parser = subparsers.add_parser("verify", help="check every learned method of the image again")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print a verdict for each method; 0, or 5 where one is refused. Raises UnknownObject."""
    from battui.cli.wiring import settings_of
    from battui.image.image import Image

    with Image.look(settings_of(arguments).image) as image:
        verdicts = image.read(lambda world: _verify_all(world, arguments.output))
    refused = verdicts.count(False)
    told = f"{refused} refused" if refused else "none refused"
    print(f"{len(verdicts)} learned method{'s' * (len(verdicts) != 1)}, {told}.", file=sys.stderr)
    return REFUSED if refused else 0


def _verify_all(world: World, form: str) -> list[bool]:
    """Whether each method passes; each verdict is printed as soon as it is known."""
    from battui.image.inventory import learned_methods

    verdicts = []
    for holder, selector, method in learned_methods(world):
        findings = _findings(method)
        _print(holder, selector, method, findings, form)
        verdicts.append(not findings)
    return verdicts


def _findings(method: Method) -> tuple[Finding, ...]:
    from battui.contracts.review import Finding
    from battui.guardian import verify

    try:
        certificate = method.certificate
    except (KeyError, TypeError, AttributeError):
        remedy = "Restore it, or review the method again."
        return (Finding("certificate", 1, "this method has no certificate that can be read", remedy),)
    return verify(method.source, certificate)


def _print(holder: str, selector: str, method: Method, findings: tuple[Finding, ...], form: str) -> None:
    from dataclasses import asdict

    from battui.cli.reply_text import harmless

    if form == "json":
        entry = {"reply": "method", "holder": holder, "selector": selector, "mission": method.mission}
        listed = [asdict(finding) for finding in findings]
        print(json.dumps(entry | {"ok": not findings, "findings": listed}, ensure_ascii=False), flush=True)
        return
    for verdict in findings or ("ok",):
        print(harmless(f"{holder}.{selector}  {verdict}"), flush=True)
