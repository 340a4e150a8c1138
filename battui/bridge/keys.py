"""Keys of the bridge for TCP: the kernel's own pair, and the list of clients with what each may do.

All of it lies in one folder that is its owner's alone:

    server.key      the kernel's pair
    clients.toml    the clients: name, public key and role
    NAME.key        a pair that was made here for a client, to be carried over to it

The list is read again when it changes, so that a client that is taken off it is refused at its next message.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq
from zmq.utils import z85

from battui.bridge.endpoint import PRIVATE
from battui.bridge.frames import Role
from battui.bridge.schema import ROLES
from battui.contracts.errors import Refused, Unreachable, UsageError

SERVER_FILE = "server.key"
CLIENTS_FILE = "clients.toml"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_KEY_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A CURVE pair in Z85. `server` is the public key of the kernel that a client's pair was made for."""

    public: str
    secret: str
    server: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """Somebody who may use the bridge over TCP."""

    name: str
    public: str
    role: Role


def new_pair(server: str = "") -> KeyPair:
    """A pair that nobody has had before."""
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), secret.decode(), server)


def server_pair(folder: Path) -> KeyPair:
    """The kernel's pair, made when it is first wanted."""
    file = folder / SERVER_FILE
    if not file.exists():
        write_pair(file, new_pair())
    return read_pair(file)


def write_pair(file: Path, pair: KeyPair) -> None:
    """Write the pair for its owner's eyes only; raises Refused where the file exists."""
    file.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    text = f'public = "{pair.public}"\nsecret = "{pair.secret}"\n'
    text += f'server = "{pair.server}"\n' if pair.server else ""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused("there is a key already", about=str(file), remedy="Name another file.") from None
    with os.fdopen(descriptor, "w") as open_file:
        open_file.write(text)


def read_pair(file: Path) -> KeyPair:
    """The pair in the file; raises Unreachable where others may read it, UsageError where it is none."""
    table = _table(file)
    if file.stat().st_mode & 0o077:
        raise Unreachable("others may read this key", about=str(file), remedy=f"Run: chmod 600 {file}")
    return KeyPair(
        _key(table.get("public"), file), _key(table.get("secret"), file), str(table.get("server", ""))
    )


def require_clients(folder: Path) -> None:
    """Raise UsageError where nobody has a key yet: what listens on TCP without one is only there to be attacked."""
    if not AllowList(folder).clients():
        raise UsageError(
            "nobody has a key for TCP yet, and nobody comes in without one",
            about=str(folder),
            remedy="Make one: battui bridge keys add NAME --role send",
        )


class AllowList:
    """The clients that may use the bridge, as the file says now."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / CLIENTS_FILE
        self._read_at: tuple[int, int] | None = None
        self._clients: dict[str, Client] = {}

    def clients(self) -> Mapping[str, Client]:
        """By name; raises UsageError for a list that cannot be read."""
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return {}
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp != self._read_at:
            self._clients = dict(_clients(_table(self._file), self._file))
            self._read_at = stamp
        return self._clients

    def name_of(self, public: str) -> str | None:
        """Whose key this is, None for a stranger's."""
        return next((name for name, client in self.clients().items() if client.public == public), None)

    def add(self, client: Client) -> None:
        """Put a client on the list; raises Refused where its name or key is there, UsageError for what is none."""
        if not _NAME.fullmatch(client.name):
            raise UsageError(
                "this is no name for a client", about=client.name, remedy="Use letters and digits."
            )
        _key(client.public, self._file)
        known = dict(self.clients())
        if client.name in known or self.name_of(client.public):
            raise Refused("this client is on the list", about=client.name, remedy="Remove it first.")
        self._write({**known, client.name: client})

    def remove(self, name: str) -> None:
        """Take a client off the list; raises Refused where it is not there."""
        known = dict(self.clients())
        if name not in known:
            raise Refused("this client is not on the list", about=name, remedy=f"It has: {', '.join(known)}.")
        del known[name]
        self._write(known)

    def _write(self, clients: Mapping[str, Client]) -> None:
        self._file.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        text = "".join(
            f'[{client.name}]\npublic = "{client.public}"\nrole = "{client.role}"\n\n'
            for client in clients.values()
        )
        draft = self._file.with_suffix(".new")
        draft.write_text(text)
        draft.replace(self._file)
        self._read_at = None


def _clients(table: Mapping[str, Any], file: Path) -> list[tuple[str, Client]]:
    found = []
    for name, entry in table.items():
        role = entry.get("role") if isinstance(entry, dict) else None
        if role not in ROLES:
            raise UsageError(f"{name} has no role", about=str(file), remedy=f"Use one of {', '.join(ROLES)}.")
        found.append((name, Client(name, _key(entry.get("public"), file), role)))
    return found


def _key(key: object, file: Path) -> str:
    try:
        if isinstance(key, str) and len(key) == _KEY_CHARACTERS and len(z85.decode(key.encode())) == 32:
            return key
    except (KeyError, ValueError):
        pass
    raise UsageError("this is no key", about=str(file), remedy="A key has 40 characters: battui bridge keys.")


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise Unreachable(f"the key cannot be read ({error.strerror})", about=str(file)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"this is no TOML: {error}", about=str(file)) from None
