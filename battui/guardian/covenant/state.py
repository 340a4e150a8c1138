"""What holds at one point of a method: what names stand for, and which objects changed unsignalled.

An object's status is the set of what may have happened on the paths that lead here: CLEAN (zero), the number of the
change that is still unsignalled (positive), or signalled (negative: SIGNALLED, or SIGNALLED - n where change number n
came after the signal, which is legal and read with less ease).
"""

from __future__ import annotations

from collections.abc import Iterable

from battui.guardian.covenant.values import PLAIN, Value, is_stable

Key = tuple[str, str]
"""An object's path (several, joined by `|`, where it may be any of them) and a slot; the slot is empty for all."""

Status = frozenset[int]
CLEAN, SIGNALLED = 0, -1
UNTOUCHED: Status = frozenset({CLEAN})
DONE: Status = frozenset({SIGNALLED})
LOST = "^"
MAX_STATES = 24


class State:
    """A mutable pair of bindings and status; `copy` before going two ways."""

    __slots__ = ("bindings", "seen", "status")

    def __init__(self, bindings: dict[str, Value], status: dict[Key, Status]) -> None:
        self.bindings = bindings
        self.status = status
        self.seen = False

    def copy(self) -> State:
        return State(dict(self.bindings), dict(self.status))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self.bindings == other.bindings and self.status == other.status

    __hash__ = None  # type: ignore[assignment]

    def of(self, key: Key) -> Status:
        """The status of an object, or of one slot of it."""
        found = self.status.get(key)
        if found is not None:
            return found
        path, slot = key
        if slot:
            return self.of((path, ""))
        if "|" in path:
            return frozenset().union(*(self.of((one, "")) for one in path.split("|")))
        return UNTOUCHED

    def change(self, key: Key, number: int) -> None:
        """Change number `number` happens."""
        turned = {CLEAN: number, SIGNALLED: SIGNALLED - number}
        self.status[key] = frozenset(turned.get(one, one) for one in self.of(key))
        self.seen = False

    def inherit(self, key: Key) -> None:
        """A part that has no status of its own was signalled where the object it is reached through was."""
        for path, slot in list(self.status):
            if not slot and _within(key[0], path):
                whole = self.status[path, slot]
                self.status[key] = frozenset(SIGNALLED if one < CLEAN else CLEAN for one in whole)
                return

    def signal(self, path: str, *, covers: bool) -> None:
        """The object signals; with `covers`, for all that is reached through it as well."""
        for key in list(self.status):
            if key[0] == path or (covers and _within(key[0], path)):
                del self.status[key]
        self.status[path, ""] = DONE
        for key in list(self.status):
            if "|" in key[0] and all(_is_signalled(self.of((one, ""))) for one in key[0].split("|")):
                self.status[key] = DONE
        self.seen = False

    def settle(self, key: Key) -> None:
        """One slot was assigned, which the database sees by itself."""
        self.status[key] = DONE

    def forget_signals(self) -> None:
        """A transaction ended: what was signalled is clean, and may change again."""
        self.status = {
            key: frozenset(max(one, CLEAN) for one in status) for key, status in self.status.items()
        }

    def next_turn(self, rebound: frozenset[str]) -> None:
        """A loop goes round: `rows[]` will be another object, and the one it was can no longer be signalled."""
        kept = {
            place.path
            for name, value in self.bindings.items()
            if name not in rebound
            for place in value.places
        }
        for key in [key for key in self.status if not is_stable(key[0]) and key[0] not in kept]:
            status = self.status.pop(key)
            unsignalled = frozenset(one for one in status if one > CLEAN)
            if unsignalled:
                lost = (key[0] if key[0].startswith(LOST) else LOST + key[0], key[1])
                self.status[lost] = self.status.get(lost, frozenset()) | unsignalled

    def absorb(self, other: State) -> None:
        """Become what holds if either this or `other` does."""
        if other.status != self.status:
            keys = self.status.keys() | other.status.keys()
            self.status = {key: self.of(key) | other.of(key) for key in keys}
            self.seen = False
        if other.bindings != self.bindings:
            names = self.bindings.keys() | other.bindings.keys()
            self.bindings = {
                name: self.bindings.get(name, PLAIN) | other.bindings.get(name, PLAIN) for name in names
            }

    def become(self, other: State) -> None:
        """Take over what holds in `other`."""
        self.bindings, self.status, self.seen = other.bindings, other.status, False


def _is_signalled(status: Status) -> bool:
    return all(one < CLEAN for one in status)


def _within(path: str, owner: str) -> bool:
    bare = path.removeprefix(LOST)
    return any(one.startswith((f"{owner}.", f"{owner}[")) for one in bare.split("|"))


def merged(states: Iterable[State], flags: frozenset[str]) -> list[State]:
    """At most MAX_STATES states: those that agree on the truth of every flag become one."""
    groups: dict[tuple[int, ...], State] = {}
    names = sorted(flags)
    for state in states:
        signature = tuple(state.bindings[name].truth if name in state.bindings else 0 for name in names)
        known = groups.get(signature)
        if known is None:
            groups[signature] = state
        else:
            known.absorb(state)
    if len(groups) <= MAX_STATES:
        return list(groups.values())
    first, *rest = groups.values()
    for state in rest:
        first.absorb(state)
    return [first]
