"""`battui doctor`: what is here, what is missing, and what to run for it."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

BROKEN = 3


def add_parser(subparsers: Any) -> None:
    """Add the command `doctor`."""
    parser = subparsers.add_parser("doctor", help="what is installed, what can run here, what is missing")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print every check; 0, or 3 where something essential is broken."""
    from battui.cli.checks import examine
    from battui.cli.wiring import config_place, settings_of

    findings = []
    for finding in examine(settings_of(arguments), config_place(arguments)):
        findings.append(finding)
        _print(finding, arguments.output)
    return BROKEN if any(finding.state == "broken" for finding in findings) else 0


def _print(finding: Any, form: str) -> None:
    import json
    from dataclasses import asdict

    if form == "json":
        print(json.dumps({"reply": "check"} | asdict(finding), ensure_ascii=False), flush=True)
        return
    print(f"{finding.state:<8}{finding.name:<10}{finding.detail}", flush=True)
    if finding.remedy:
        print(f"{'':<18}-> {finding.remedy}", flush=True)
