"""`battui bridge`: the running kernel, a kernel without a screen, and the keys of those who reach it over TCP."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.bridge.keys import AllowList
    from battui.contracts.portal import Portal
    from battui.contracts.settings import Settings

ROLES = ("read", "send", "approve", "administer")


def add_parser(subparsers: Any) -> None:
    """Add the command `bridge` with its verbs."""
    parser = subparsers.add_parser("bridge", help="the running kernel, serve one, and its keys for TCP")
    parser.set_defaults(run=run_status)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    status = verbs.add_parser("status", help="which kernel owns the image")
    status.set_defaults(run=run_status)
    serve = verbs.add_parser("serve", help="run a kernel here until it is stopped; --detach does so behind")
    serve.add_argument(
        "--tcp", metavar="ENDPOINT", default="", help="listen there, too: tcp://127.0.0.1:5555"
    )
    serve.add_argument(
        "--ready", metavar="FD", type=int, default=-1, help="tell this descriptor when it serves"
    )
    serve.set_defaults(run=run_serve)
    stop = verbs.add_parser("stop", help="end the running kernel in order")
    stop.set_defaults(run=run_stop)
    _add_keys(verbs)


def _add_keys(verbs: Any) -> None:
    keys = verbs.add_parser("keys", help="who may come over TCP, and as what")
    keys.set_defaults(run=run_keys)
    kinds = keys.add_subparsers(title="verbs", metavar="VERB")
    listing = kinds.add_parser("list", help="the kernel's public key and its clients")
    listing.set_defaults(run=run_keys)
    adding = kinds.add_parser("add", help="let a client in; without --public a pair is made for it")
    adding.add_argument("name", metavar="NAME")
    adding.add_argument("--role", choices=ROLES, default="read", help="what it may do (default read)")
    adding.add_argument("--public", metavar="KEY", default="", help="its own public key")
    adding.add_argument("--to", metavar="FILE", type=Path, help="where the new pair goes")
    adding.set_defaults(run=run_add_key)
    removing = kinds.add_parser("remove", help="let a client in no longer, from its next message on")
    removing.add_argument("name", metavar="NAME")
    removing.set_defaults(run=run_remove_key)


def run_status(arguments: Namespace) -> int:
    """Print which kernel owns the image; raises Unreachable where none does."""
    from battui.bridge.client import Client

    _, endpoint = _running(arguments)
    with Client(endpoint, patience=5.0) as client:
        welcome = client.welcome
    assert welcome is not None
    told = {"endpoint": endpoint, "pid": welcome.pid, "image": welcome.image, "role": welcome.role}
    _print(arguments, told, f"{welcome.image}: {endpoint} (process {welcome.pid}, role {welcome.role})")
    return 0


def run_stop(arguments: Namespace) -> int:
    """End the running kernel and wait until it has; the exit code."""
    import os
    import select

    from battui.bridge.client import Client
    from battui.contracts.errors import TimedOut

    settings, endpoint = _running(arguments)
    with Client(endpoint, patience=5.0) as client:
        assert client.welcome is not None
        pid = client.welcome.pid
        process = os.pidfd_open(pid)
        client.stop()
    try:
        if not select.select([process], [], [], 30.0)[0]:
            raise TimedOut("the kernel has not ended yet", about=f"process {pid}")
    finally:
        os.close(process)
    _print(arguments, {"endpoint": endpoint, "pid": pid, "image": settings.image}, f"process {pid} has ended")
    return 0


def run_serve(arguments: Namespace) -> int:
    """Run a kernel with its bridge until it is told to stop or gets a signal; the exit code."""
    from battui.cli.approval import with_approval
    from battui.cli.detach import pid_file
    from battui.cli.headless import run_kernel
    from battui.cli.served_kernel import ServedKernel
    from battui.cli.wiring import settings_of

    settings = with_approval(settings_of(arguments))
    kernel = ServedKernel(settings, tcp=settings.bridge.tcp, required=True)

    async def work(portal: Portal) -> int:
        async with portal.events() as events:
            _tell_ready(settings, kernel.tcp, arguments)
            async for _ in events:
                pass
        return 0

    try:
        return run_kernel(kernel, work, verbose=arguments.verbose)
    finally:
        pid_file(settings).unlink(missing_ok=True)


def run_keys(arguments: Namespace) -> int:
    """Print the kernel's public key and the clients; the exit code."""
    from battui.bridge.keys import server_pair

    folder, allowed = _keys(arguments)
    server = server_pair(folder).public
    clients = list(allowed.clients().values())
    listed = [{"name": each.name, "role": each.role, "public": each.public} for each in clients]
    lines = [f"kernel      {server}", *(f"{each.name:<11} {each.public}  {each.role}" for each in clients)]
    _print(arguments, {"server": server, "clients": listed}, "\n".join(lines))
    return 0


def run_add_key(arguments: Namespace) -> int:
    """Put a client on the list; the exit code."""
    from battui.bridge.keys import Client, new_pair, server_pair, write_pair

    folder, allowed = _keys(arguments)
    server = server_pair(folder).public
    pair = None if arguments.public else new_pair(server)
    file = None
    client = Client(arguments.name, pair.public if pair else arguments.public, arguments.role)
    allowed.add(client)
    if pair is not None:
        file = arguments.to or folder / f"{arguments.name}.key"
        write_pair(file, pair)
    told = {"name": client.name, "role": client.role, "public": client.public, "server": server}
    where = f"; its pair is in {file}: carry it over, and use battui attach --key FILE" if file else ""
    _print(arguments, told | {"file": str(file or "")}, f"{client.name} may {client.role}{where}")
    return 0


def run_remove_key(arguments: Namespace) -> int:
    """Take a client off the list; the exit code."""
    _, allowed = _keys(arguments)
    allowed.remove(arguments.name)
    _print(arguments, {"name": arguments.name}, f"{arguments.name} may come no longer")
    return 0


def _keys(arguments: Namespace) -> tuple[Path, AllowList]:
    from battui.bridge.keys import AllowList
    from battui.cli.served_kernel import keys_folder
    from battui.cli.wiring import settings_of

    folder = keys_folder(settings_of(arguments))
    return folder, AllowList(folder)


def _running(arguments: Namespace) -> tuple[Settings, str]:
    from battui.cli.remote_kernel import running_kernel
    from battui.cli.wiring import settings_of
    from battui.contracts.errors import Unreachable

    settings = settings_of(arguments)
    endpoint = running_kernel(settings)
    if not endpoint:
        raise Unreachable(
            "no kernel runs on this image", about=settings.image, remedy="Start one: battui --detach"
        )
    return settings, endpoint


def _tell_ready(settings: Settings, tcp: str, arguments: Namespace) -> None:
    import os

    from battui.cli.detach import pid_file
    from battui.cli.remote_kernel import running_kernel

    pid_file(settings).write_text(f"{os.getpid()}\n")
    endpoint = running_kernel(settings)
    told = {"endpoint": endpoint, "tcp": tcp, "pid": os.getpid(), "image": settings.image}
    if arguments.ready < 0:
        _print(arguments, told, f"serving {endpoint} {tcp}".strip())
        return
    with os.fdopen(arguments.ready, "w") as ready:
        json.dump(told, ready)


def _print(arguments: Namespace, told: dict[str, Any], text: str) -> None:
    if arguments.output == "json":
        text = json.dumps({"reply": "bridge"} | told, ensure_ascii=False)
    print(text, flush=True)
