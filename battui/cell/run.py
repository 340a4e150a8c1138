"""One activation, from the first message to the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

from battui.cell import primitives
from battui.cell.failures import failure_message, raised, words
from battui.cell.harvest import CovenantFailure, harvest
from battui.cell.messages import Message
from battui.cell.method import Methods, Mismatch
from battui.cell.namespace import Namespaces
from battui.cell.printing import Printed
from battui.cell.world import World
from battui.contracts.activation import Activation, CellFailure, ObjectState


class Run:
    """Runs one activation in this process; `ask` sends a request to the kernel and returns its answer.

    Everything that does not depend on the activation is made before it arrives.
    """

    def __init__(self, namespaces: Namespaces, ask: Callable[[Message], Message]) -> None:
        self._printed = Printed()
        self._methods = Methods(namespaces.make(printed=self._printed, now=cache(self._now)))
        self._world = World(ask, self._methods.run, primitives.perform)
        self._receiver = 0

    def answer(self, activation: Activation, state: ObjectState) -> Message:
        """Run the method on the receiver's `state`; MemoryError is the only exception that comes out."""
        self._receiver = activation.receiver
        self._printed.room = activation.limits.output_bytes
        record = self._world.take(state)
        if activation.trial is not None:
            record.methods = {**record.methods, activation.selector: activation.trial}
        try:
            result = self._send(activation)
            message = harvest(result, self._world.records) | self._expectation(activation.expectation, result)
        except MemoryError:
            raise
        except CovenantFailure as broken:
            failure = CellFailure("covenant", str(broken), oid=broken.oid)
            message = {"failure": failure_message(failure)}
        except BaseException as error:
            message = {"failure": failure_message(raised(error, self._methods.sources))}
        return {"kind": "answer", "printed": self._printed.text, **message}

    def _send(self, activation: Activation) -> object:
        found = self._world.read(activation.receiver, activation.selector)
        if not callable(found):
            if activation.arguments:
                raise Mismatch(
                    activation.receiver, activation.selector, "this is data and takes no arguments"
                )
            return found
        arguments = {name: self._world.admit(value) for name, value in activation.arguments.items()}
        return found(**arguments)

    def _expectation(self, text: str | None, result: object) -> Message:
        if text is None:
            return {}
        names = {"self": self._world.living(self._receiver), "result": result}
        try:
            return {"expectation_met": bool(self._methods.evaluate(text, names))}
        except MemoryError:
            raise
        except BaseException as error:
            return {"expectation_error": f"{type(error).__name__}: {words(error)}"}

    def _now(self) -> float:
        request: Message = {
            "kind": "call",
            "name": "now",
            "receiver": self._receiver,
            "arguments": {},
        }
        return float(cast("float", self._world.request(request)))
