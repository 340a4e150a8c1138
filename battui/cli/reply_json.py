"""Replies as JSON objects: one a line. docs/replies.schema.json says what is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from battui.contracts.errors import BattuiError
from battui.contracts.replies import Reply
from battui.contracts.values import Ref

KINDS = {
    "Answer": "answer",
    "ObjectView": "object",
    "MethodStory": "method_story",
    "SelectorUses": "selector",
    "ObjectList": "objects",
    "MissionView": "mission",
    "MissionList": "missions",
    "HistoryList": "history",
    "KernelStatus": "status",
    "KernelStats": "stats",
    "ModelList": "models",
    "AdapterList": "adapters",
    "DocumentList": "documents",
}


def reply_as_json(reply: Reply, line: int = 0) -> str:
    """One line of JSON: `reply` with its kind, the script line's number if there is one, the reply's own fields."""
    head: dict[str, Any] = {"reply": KINDS[type(reply).__name__]}
    if line:
        head["line"] = line
    return json.dumps(head | plain(reply), ensure_ascii=False)


def error_as_json(error: BattuiError) -> str:
    """One line of JSON that takes the place of the reply that did not come."""
    told = {"reply": "error", "error": error.code, "exit_code": error.exit_code}
    told |= {"what": error.what, "about": error.about, "remedy": error.remedy}
    return json.dumps(told, ensure_ascii=False)


def plain(value: Any) -> Any:
    """The value as JSON has it: dataclasses become objects, references {"$ref": "@1f"}."""
    if isinstance(value, Ref):
        return {"$ref": str(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    return str(value) if isinstance(value, Path | bytes) else value
