"""`battui guard`: does code keep the covenant, and stay within what generated code may do?"""

from __future__ import annotations

import json
import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from battui.contracts.errors import UsageError

if TYPE_CHECKING:
    from battui.contracts.review import Finding
    from battui.guardian.files import FileReview
    from battui.guardian.rules import Rules

REFUSED = 5
_RULES = ("covenant", "covenant-inplace", "allow")
_DESCRIPTION = """\
Check methods: functions whose first parameter is self, in classes at any depth, or one function by itself.

rules, separated by commas:
  covenant          every change of an object's state is signalled (self._p_changed = True) on every path that
                    leaves the method; the rule for generated code
  covenant-inplace  only changes that ZODB cannot see need the signal: those within lists, dictionaries and sets.
                    The rule for persistent classes that people wrote
  allow             only names, attributes and constructs that generated code may use

Without --rules, a text that is one function gets covenant,allow and any other file covenant-inplace."""
_EPILOG = """\
exit codes: 0 all accepted, 5 something was refused, 2 usage

With --jsonl, each line of stdin is {"id", "source"} and each line of stdout, in the same order,
{"id", "accepted", "findings": [{"rule", "line", "message"}], "repaired"}: `accepted` is about the source as
given, `repaired` is its text with the missing signals inserted, or null."""


def add_parser(subparsers: Any) -> None:
    """Add the command `guard`."""
    parser = subparsers.add_parser(
        "guard",
        help="check methods for the covenant and the allow-list",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="Python files; - or none is stdin")
    parser.add_argument(
        "--fix", action="store_true", help="insert missing signals, in place (stdin: to stdout)"
    )
    parser.add_argument("--rules", metavar="RULES", help=f"of {', '.join(_RULES)}, separated by commas")
    parser.add_argument(
        "--jsonl", action="store_true", help="a stream of methods on stdin, one JSON line each"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Check what is asked for; 0, or 5 where something was refused. Raises UsageError."""
    rules = _rules(arguments.rules)
    if arguments.jsonl:
        if arguments.files or arguments.fix:
            raise UsageError(
                "--jsonl reads stdin and changes no file", remedy="Give neither FILE nor --fix with it."
            )
        return _run_stream(sys.stdin, rules)
    accepted = [_run_file(name, arguments, rules) for name in arguments.files or ["-"]]
    return 0 if all(accepted) else REFUSED


def _rules(names: str | None) -> Rules | None:
    from battui.guardian.rules import Rules

    if names is None:
        return None
    chosen = {name.strip() for name in names.split(",")}
    unknown = chosen - set(_RULES)
    if unknown or {"covenant", "covenant-inplace"} <= chosen:
        what = (
            f"there is no rule {min(unknown)!r}"
            if unknown
            else "covenant and covenant-inplace exclude each other"
        )
        raise UsageError(what, about="--rules", remedy=f"Choose of {', '.join(_RULES)}.")
    if "covenant" in chosen:
        return Rules("strict", allow="allow" in chosen)
    return Rules("inplace" if "covenant-inplace" in chosen else "off", allow="allow" in chosen)


def _run_file(name: str, arguments: Namespace, rules: Rules | None) -> bool:
    from battui.guardian.files import review_file

    source = _read(name)
    verdict = review_file(source, rules=rules, repair=arguments.fix)
    is_fixed = arguments.fix and verdict.repaired is not None
    if arguments.fix and name == "-":
        sys.stdout.write(source if verdict.repaired is None else verdict.repaired)
    elif is_fixed:
        _write(name, verdict.repaired or "")
    accepted = verdict.accepted or (is_fixed and verdict.repaired_accepted)
    _report(name, verdict, accepted=accepted, arguments=arguments)
    return accepted


def _read(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read()
        with Path(name).open(encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"this file cannot be read: {error}", about=name, remedy="Give a text file."
        ) from None


def _write(name: str, text: str) -> None:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        file.write(text)


def _report(name: str, verdict: FileReview, *, accepted: bool, arguments: Namespace) -> None:
    # With --fix, stdout may carry the repaired text itself.
    stream = sys.stderr if arguments.fix and name == "-" else sys.stdout
    if arguments.output == "json":
        entry = {
            "reply": "verdict",
            "file": name,
            "accepted": accepted,
            "methods": verdict.methods,
            "findings": _listed(verdict.findings),
        }
        print(json.dumps(entry | {"repaired": verdict.repaired is not None}, ensure_ascii=False), file=stream)
        return
    for line in _lines(name, verdict):
        print(line, file=stream)


def _lines(name: str, verdict: FileReview) -> Iterator[str]:
    for finding in verdict.findings:
        style = " (style)" if finding.severity == "style" else ""
        yield f"{name}:{finding.line}: {finding.message}{style} [{finding.rule}]. {finding.remedy}".rstrip()
    if verdict.repaired is not None:
        yield f"{name}: signals inserted."


def _listed(findings: tuple[Finding, ...]) -> list[dict[str, object]]:
    return [
        {
            "rule": finding.rule,
            "line": finding.line,
            "message": finding.message,
            "remedy": finding.remedy,
            "severity": finding.severity,
        }
        for finding in findings
    ]


def _run_stream(lines: TextIO, rules: Rules | None) -> int:
    from battui.guardian.files import review_file

    code = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        identity, source = _entry(line, number)
        verdict = review_file(source, rules=rules)
        if not verdict.accepted:
            code = REFUSED
        answer = {"id": identity, "accepted": verdict.accepted, "findings": _listed(verdict.findings)}
        print(json.dumps(answer | {"repaired": verdict.repaired}), flush=True)
    return code


def _entry(line: str, number: int) -> tuple[object, str]:
    try:
        entry = json.loads(line)
        identity, source = entry["id"], entry["source"]
    except (ValueError, KeyError, TypeError, RecursionError):
        identity, source = None, None
    if not isinstance(source, str):
        raise UsageError(
            'this is no JSON object with "id" and "source"',
            about=f"line {number} of stdin",
            remedy="See --help.",
        )
    return identity, source
