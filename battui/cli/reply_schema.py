"""The JSON Schema of what battui prints with `--output json`, from the types that are printed.

docs/replies.schema.json is what `python -m battui.cli.reply_schema` prints; a test holds the two together.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from battui.catalog.passages import Passage
from battui.cli.reply_json import KINDS
from battui.contracts.events import KernelEvent
from battui.contracts.models import AdapterView, ModelView
from battui.contracts.replies import Reply
from battui.contracts.review import Finding

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_WHOLE: Schema = {"type": "integer"}
_TRUTH: Schema = {"type": "boolean"}
_ATOMS: Mapping[Any, Schema] = {
    str: _TEXT,
    float: _NUMBER,
    int: _WHOLE,
    bool: _TRUTH,
    type(None): {"type": "null"},
}
_ROLES: Schema = {"enum": ["read", "send", "approve", "administer"]}


@dataclass(frozen=True)
class _AnyValue:
    """Stands for `Value` in a hint: the alias describes itself, which a hint cannot."""


def schema() -> Schema:
    """The schema of one line of stdout."""
    shared: dict[str, Schema] = {
        "value": {"description": 'What a slot holds: JSON, and {"$ref": "@1f"} for an object of the image.'}
    }
    kinds = {KINDS[kind.__name__]: _record(kind, shared) for kind in get_args(Reply)}
    for reply in kinds.values():
        reply["properties"]["line"] = {"type": "integer", "description": "the line of the script"}
    kinds |= {"passage": _record(Passage, shared), "event": _record(KernelEvent, shared)}
    kinds |= {"adapter": _record(AdapterView, shared), **_of_the_command_line(shared)}
    for name, kind in kinds.items():
        kind["properties"] = {"reply": {"const": name}, **kind["properties"]}
        kind["required"] = ["reply", *kind["required"]]
    return {
        "$schema": DIALECT,
        "title": "What battui prints with --output json: one object a line",
        "description": "`reply` names the kind. Times are Unix seconds, durations seconds.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in sorted(kinds)],
        "$defs": dict(sorted(kinds.items())) | dict(sorted(shared.items())),
    }


def _of_the_command_line(shared: dict[str, Schema]) -> dict[str, Schema]:
    """What no command of the kernel answers."""
    findings = _list(_of(Finding, shared))
    skipped = _object({"name": _TEXT, "reason": _TEXT})
    pillar = _object({"intent": _TEXT, "system_prompt": _TEXT})
    client = _object({"name": _TEXT, "role": _ROLES, "public": _TEXT})
    model = _record(ModelView, {})["properties"]
    worth = _object(dict.fromkeys(("methods", "right", "cases", "passed"), _WHOLE))
    folders = ("image", "data_dir", "state_dir", "cache_dir", "config_dir")
    sizes = {"record_bytes": _WHOLE, "blob_bytes": _WHOLE, "blobs": _WHOLE}
    return {
        "index": _object(
            {**dict.fromkeys(("indexed", "chunks", "unchanged", "pruned"), _WHOLE), "skipped": _list(skipped)}
        ),
        "diff": _object(
            {
                **dict.fromkeys(("holder", "selector", "diff"), _TEXT),
                **dict.fromkeys(("from", "to", "versions"), _WHOLE),
            }
        ),
        "image": _object(
            {
                "image": _TEXT,
                **dict.fromkeys(("objects", "methods", "open_missions"), _WHOLE),
                "missions": _map(_WHOLE),
                "models": _list(_TEXT),
                "adapters": _list(_TEXT),
            },
            sizes,
        ),
        "backup": _object({"image": _TEXT, "folder": _TEXT, "bytes": _WHOLE}),
        "method": _object(
            {**dict.fromkeys(("holder", "selector", "mission"), _TEXT), "ok": _TRUTH, "findings": findings}
        ),
        "verdict": _object(
            {"file": _TEXT, "accepted": _TRUTH, "methods": _WHOLE, "findings": findings, "repaired": _TRUTH}
        ),
        "model": _object(
            {name: model[name] for name in model if name not in ("in_use", "adapters")},
            {"where": _TEXT, "in_use": _TRUTH, "adapters": _list(_TEXT)},
        ),
        "found": _object({"folder": _TEXT}),
        "persona": _object(
            {
                "shipped": _TRUTH,
                **dict.fromkeys(("name", "title", "system_prompt"), _TEXT),
                "adapter": {"type": ["string", "null"]},
                "sampling": _map(_NUMBER),
                "pillars": _map(pillar),
            }
        ),
        "check": _object(
            {"name": _TEXT, "state": {"enum": ["ok", "missing", "broken"]}, "detail": _TEXT, "remedy": _TEXT}
        ),
        "settings": {**_object(dict.fromkeys(folders, _TEXT)), "additionalProperties": {"type": "object"}},
        "bridge": _object(
            {},
            {
                **dict.fromkeys(("endpoint", "tcp", "image", "server", "name", "public", "file"), _TEXT),
                "pid": _WHOLE,
                "role": _ROLES,
                "started": _TRUTH,
                "clients": _list(client),
            },
        ),
        "bench": _object({"tiers": _map(_map(_NUMBER))}),
        "training": _object(
            {
                "name": _TEXT,
                "added": _TRUTH,
                **dict.fromkeys(("before", "after", "kept_before", "kept_after"), worth),
            }
        ),
        "error": _object(
            {
                **dict.fromkeys(("error", "what", "about", "remedy"), _TEXT),
                "exit_code": {"type": "integer", "minimum": 1, "maximum": 7},
            }
        ),
    }


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    properties = {**required, **(optional or {})}
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _record(kind: Any, shared: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind, localns={"Value": _AnyValue})
    return _object({field.name: _of(hints[field.name], shared) for field in fields(kind)})


def _of(kind: Any, shared: dict[str, Schema]) -> Schema:
    """The schema of a type hint; records that occur in others are `shared`."""
    if kind is _AnyValue:
        return {"$ref": "#/$defs/value"}
    if kind in _ATOMS:
        return _ATOMS[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of(part, shared) for part in parts]}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin is tuple and parts[-1] is not Ellipsis:
        items = [_of(part, shared) for part in parts]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (tuple, frozenset):
        return _list(_of(parts[0], shared))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _map(_of(parts[1], shared))
    if not is_dataclass(kind):
        raise TypeError(f"{kind} has no schema")
    name = str(getattr(kind, "__name__", kind))
    if name not in shared:
        shared[name] = {}  # it may occur within itself
        shared[name] = _record(kind, shared)
    return {"$ref": f"#/$defs/{name}"}


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=1, ensure_ascii=False)
    print()
