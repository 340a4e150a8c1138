"""Mission briefs: a cognitive cycle that is asked for by itself, as the command `initiate_cognitive_cycle` does."""

from __future__ import annotations

from collections.abc import Mapping

from battui.contracts.commands import Argument, Ask, InitiateCycle, Named, Path, Send
from battui.contracts.errors import UsageError
from battui.contracts.values import Ref, Value, check_name

_REMEDY = "For example: {'type': 'unhandled_message', 'selector': 'deposit_', 'kwargs': {'amount': 50}}"
_TYPES = ("unhandled_message", "question", "self_audit")


def line_of(command: InitiateCycle) -> Send | Ask | None:
    """The message or question that the brief stands for, None for an audit; raises UsageError.

    Nobody waits for its answer: the reply is the mission's id. A message that is understood needs no mission and is
    answered at once.
    """
    brief = command.brief
    kind = brief.get("type", "unhandled_message" if "selector" in brief else "question")
    if kind == "self_audit":
        return None
    if kind == "question":
        return Ask(command.path, _text(brief, "question"), wait=False)
    if kind != "unhandled_message":
        raise UsageError(
            f"there is no mission of type {kind!r}", remedy=f"The types are {', '.join(_TYPES)}."
        )
    positional, named = brief.get("args") or [], brief.get("kwargs") or {}
    if not isinstance(positional, list) or not isinstance(named, dict):
        raise UsageError("args is a list and kwargs an object", about="mission_brief", remedy=_REMEDY)
    return Send(
        command.path,
        check_name(_text(brief, "selector")),
        tuple(_argument(value) for value in positional),
        tuple((check_name(name), _argument(value)) for name, value in named.items()),
        intent=_text(brief, "intent", default=""),
        expectation=_text(brief, "expectation", default=""),
        wait=False,
    )


def _text(brief: Mapping[str, Value], name: str, default: str | None = None) -> str:
    value = brief.get(name, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise UsageError(f"{name} is a text", about="mission_brief", remedy=_REMEDY)
    return value


def _argument(value: Value) -> Argument:
    if isinstance(value, Ref):
        return Named(Path((), value.oid))
    if isinstance(value, list):
        return [_argument(item) for item in value]
    if isinstance(value, dict):
        return {key: _argument(item) for key, item in value.items()}
    return value
