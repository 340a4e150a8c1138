"""What battui itself provides to code in a cell: objects are made here, everything else is asked of the kernel."""

from __future__ import annotations

from battui.cell.cloning import clone
from battui.cell.living import Living
from battui.cell.messages import Message
from battui.cell.method import Mismatch
from battui.cell.record import Record
from battui.cell.references import references
from battui.cell.release import release
from battui.cell.world import World, check_data_slot
from battui.contracts.values import Ref, Value


def perform(world: World, receiver: int, selector: str, /, *values: object, **named: object) -> object:
    """Run the primitive `selector` of `receiver`; arguments are named, as in every message."""
    if values:
        raise Mismatch(receiver, selector, "name the arguments, as in selector(name=value)")
    if selector == "clone":
        return clone(world, receiver, named)
    if selector == "new":
        return new(world, receiver, named)
    return serve(world, receiver, selector, named)


def new(world: World, receiver: int, slots: dict[str, object]) -> Living:
    """A new object that has only `slots`, and the receiver as its parent."""
    record = Record(oid=0, parents={"parent*": (Ref(receiver),)})
    for name, value in slots.items():
        check_data_slot(record, name)
        record.put(name, world.admit(release(value, about=name)))
    return world.create(record)


def serve(world: World, receiver: int, selector: str, named: dict[str, object]) -> object:
    """Ask the kernel for the service `selector`; raises RuntimeError with its words where it refuses."""
    arguments: dict[str, Value] = {name: release(value, about=name) for name, value in named.items()}
    if receiver < 0 or any(ref.oid < 0 for ref in references(arguments)):
        raise RuntimeError(f"{selector} cannot be asked about an object that was only made now")
    request: Message = {"kind": "call", "name": selector, "receiver": receiver, "arguments": arguments}
    return world.request(request)
