"""What each command has to be beyond the types of its fields, and the role that it needs.

A client is a stranger: what the terminal and the command line would never send is refused here, before the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, get_args

from battui.bridge.frames import Role
from battui.bridge.values import MAX_NAMES
from battui.contracts import commands as c
from battui.contracts.documents import Document, IndexDocuments, ListDocuments, RemoveDocuments
from battui.contracts.errors import Refused, UsageError
from battui.contracts.methods import FindSelector
from battui.contracts.models import (
    AddAdapter,
    AddModel,
    ListAdapters,
    ListModels,
    RemoveAdapter,
    RemoveModel,
    UseModel,
)
from battui.contracts.personas import AddPersona, RemovePersona
from battui.contracts.values import MAX_SELECTOR, check_name

ROLES: tuple[Role, ...] = get_args(Role)
MAX_TEXT = 20_000
MAX_LISTED = 10_000
MAX_CASES = 1_000
MAX_ARGUMENTS = 64
MAX_ID = 64
MAX_DAYS = 36_525
MAX_PLACE = 8_192
"""Characters of a document's key, name, title or file."""
MAX_DOCUMENTS = 1_000

_NEEDS: dict[type, Role] = {
    **dict.fromkeys((c.Read, c.ShowObject, c.ListObjects, c.ListMissions, c.ShowMission), "read"),
    **dict.fromkeys((c.ShowMethod, c.ListHistory, c.ShowStatus, c.ShowStats, FindSelector), "read"),
    **dict.fromkeys((c.Write, c.Send, c.Bind, c.Ask, c.Teach, c.InitiateCycle), "send"),
    **dict.fromkeys((c.RetryMission, c.CancelMission), "send"),
    **dict.fromkeys(
        (c.ApproveMission, c.RejectMission, c.EditMission, c.EditMethod, c.SettleFinding), "approve"
    ),
    **dict.fromkeys((ListModels, ListAdapters, ListDocuments), "read"),
    **dict.fromkeys((IndexDocuments, RemoveDocuments), "send"),
    # These name files on the kernel's machine, or take back what others did.
    **dict.fromkeys(
        (c.Undo, c.PackImage, AddModel, UseModel, RemoveModel, AddAdapter, RemoveAdapter), "administer"
    ),
    # These decide who thinks.
    **dict.fromkeys((AddPersona, RemovePersona), "administer"),
}


def role_needed(command: c.Command) -> Role:
    """The smallest role that may give this command; one that nobody has thought of is the administrator's."""
    if isinstance(command, c.Once):
        return role_needed(command.command) if not isinstance(command.command, c.Once) else "administer"
    if isinstance(command, IndexDocuments) and any(document.file for document in command.documents):
        return "administer"  # it reads files on the kernel's machine
    return _NEEDS.get(type(command), "administer")


def require(role: Role, needed: Role, what: str) -> None:
    """Raise Refused where the role is too small."""
    if ROLES.index(role) < ROLES.index(needed):
        raise Refused(
            f"the role {role!r} may not do this",
            about=what,
            remedy=f"It takes {needed!r}: battui bridge keys, where the kernel runs.",
        )


def check(command: c.Command) -> None:
    """Raise UsageError or NotASelector where the command cannot be meant."""
    if isinstance(command, c.Once):
        if isinstance(command.command, c.Once):
            raise UsageError("a command has one key", about=command.key[:MAX_ID])
        _require(1 <= len(command.key) <= MAX_ID, f"a key has 1 to {MAX_ID} characters", "key")
        check(command.command)
    for test in _CHECKS.get(type(command), ()):
        test(command)


def _require(holds: bool, words: str, about: str) -> None:
    if not holds:
        raise UsageError(words, about=about, remedy="See docs/bridge.md.")


def _path(command: Any) -> None:
    path = getattr(command, "receiver", None) or getattr(command, "path", None)
    if path is not None:
        _check_path(path)


def _check_path(path: c.Path) -> None:
    _require(bool(path.names) or path.oid is not None, "a path has a name or an oid", "path")
    _require(len(path.names) <= MAX_NAMES, f"a path has at most {MAX_NAMES} names", "path")
    _require(path.oid is None or path.oid > 0, "an oid is greater than zero", "path")
    for name in path.names:
        _require(0 < len(name) <= MAX_SELECTOR, f"a name has 1 to {MAX_SELECTOR} characters", "path")


def _slot(command: c.Write | c.EditMethod) -> None:
    _require(len(command.path.names) + (command.path.oid is not None) > 1, "a slot is object.name", "path")


def _message(command: c.Send) -> None:
    check_name(command.selector)
    _require(len(command.positional) + len(command.named) <= MAX_ARGUMENTS, "too many arguments", "arguments")
    names = [name for name, _ in command.named]
    _require(len(set(names)) == len(names), "an argument is given twice", "named")


def _bound(command: c.Bind) -> None:
    check_name(command.name)
    if isinstance(command.source, c.Send):
        check(command.source)


def _lesson(command: c.Teach) -> None:
    check_name(command.selector)
    _require(1 <= len(command.cases) <= MAX_CASES, f"a lesson has 1 to {MAX_CASES} cases", "cases")


def _texts(command: Any) -> None:
    for name, text in _fields(command):
        limit = MAX_ID if name in ("mission", "target") else MAX_TEXT
        _require(len(text) <= limit, f"at most {limit} characters", name)


def _fields(command: Any) -> Iterator[tuple[str, str]]:
    for name in ("intent", "expectation", "question", "reason", "source", "mission", "target"):
        text = getattr(command, name, "")
        if isinstance(text, str):
            yield name, text


def _limit(command: Any) -> None:
    _require(1 <= command.limit <= MAX_LISTED, f"from 1 to {MAX_LISTED}", "limit")


def _page(command: c.ListObjects) -> None:
    _require(0 <= command.limit <= MAX_LISTED, f"from 0 to {MAX_LISTED}", "limit")
    for name, text in (("start", command.start), ("matching", command.matching)):
        _require(len(text) <= MAX_SELECTOR, f"at most {MAX_SELECTOR} characters", name)


def _selector(command: FindSelector) -> None:
    _require(0 < len(command.selector) <= MAX_SELECTOR, "this is no selector", "selector")


def _days(command: c.PackImage) -> None:
    _require(0 <= command.days <= MAX_DAYS, f"from 0 to {MAX_DAYS}", "days")


def _documents(command: IndexDocuments) -> None:
    held = len(command.documents)
    _require(1 <= held <= MAX_DOCUMENTS, f"from 1 to {MAX_DOCUMENTS} documents", "documents")
    for document in command.documents:
        _check_document(document)


def _check_document(document: Document) -> None:
    _keys([document.key])
    for name in ("name", "title", "file"):
        _require(
            len(getattr(document, name)) <= MAX_PLACE,
            f"a document's {name} has at most {MAX_PLACE} characters",
            name,
        )
    _require(bool(document.name), "a document has a name", "name")
    _require(not (document.file and document.content), "content comes along, or lies in a file", "content")


def _removed(command: RemoveDocuments) -> None:
    _require(1 <= len(command.keys) <= MAX_LISTED, f"from 1 to {MAX_LISTED} keys", "keys")
    _keys(command.keys)


def _keys(keys: Iterable[str]) -> None:
    for key in keys:
        _require(1 <= len(key) <= MAX_PLACE, f"a document's key has 1 to {MAX_PLACE} characters", "key")


def _persona(command: AddPersona) -> None:
    name = command.persona.get("name")
    _require(isinstance(name, str) and 0 < len(name) <= MAX_SELECTOR, "a persona has a name", "persona")


_CHECKS: dict[type, tuple[Callable[[Any], None], ...]] = {
    c.Read: (_path,),
    c.Write: (_path, _slot),
    c.Send: (_path, _message, _texts),
    c.Bind: (_bound,),
    c.Ask: (_path, _texts),
    c.Teach: (_path, _lesson, _texts),
    c.InitiateCycle: (_path,),
    c.ShowObject: (_path,),
    c.ShowMethod: (_path,),
    c.EditMethod: (_path, _slot, _texts),
    c.SettleFinding: (_texts,),
    c.ListObjects: (_page,),
    FindSelector: (_selector, _limit),
    c.PackImage: (_days,),
    IndexDocuments: (_documents,),
    RemoveDocuments: (_removed,),
    ListDocuments: (_limit,),
    AddPersona: (_persona,),
    c.ListMissions: (_limit,),
    c.ListHistory: (_limit, _path),
    **dict.fromkeys((c.ShowMission, c.RetryMission, c.CancelMission, c.ApproveMission, c.Undo), (_texts,)),
    **dict.fromkeys((c.RejectMission, c.EditMission), (_texts,)),
}
