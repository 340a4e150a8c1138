"""The names that a learned method finds: the offered builtins, exceptions and facades, and nothing else."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Mapping

from battui.cell.clock import Now, dated_types
from battui.cell.printing import Printed
from battui.contracts.offered import Offered

# What C code that a method calls imports by the method's `__import__`: for dates that are formatted or parsed, for
# replacements with groups in them, for the names of characters.
_IMPORTED_FROM_C = frozenset({"time", "_strptime", "warnings", "re", "unicodedata"})


class Facade:
    """The offered attributes of a module, read-only."""

    __slots__ = ("__attributes", "__name")
    __attributes: dict[str, object]
    __name: str

    def __init__(self, name: str, attributes: Mapping[str, object]) -> None:
        object.__setattr__(self, "_Facade__name", name)
        object.__setattr__(self, "_Facade__attributes", dict(attributes))

    def __getattr__(self, name: str) -> object:
        try:
            return self.__attributes[name]
        except KeyError:
            raise AttributeError(f"{self.__name} has no {name!r} here") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{self.__name} cannot be changed")

    def __repr__(self) -> str:
        return f"<{self.__name}>"


class Namespaces:
    """Makes the fresh global namespace of each method; modules are looked up once, before the cell is sealed."""

    def __init__(self, offered: Offered) -> None:
        for module in _IMPORTED_FROM_C:
            importlib.import_module(module)
        self._builtins: dict[str, object] = {
            name: getattr(builtins, name) for name in offered.builtins | offered.exceptions
        }
        self._facades: dict[str, dict[str, object]] = {
            name: {attribute: getattr(importlib.import_module(name), attribute) for attribute in attributes}
            for name, attributes in offered.facades.items()
        }

    def make(self, *, printed: Printed, now: Now) -> dict[str, object]:
        """The names for the methods of one activation; copy it for each method."""
        facades = {**self._facades, "datetime": {**self._facades["datetime"], **dated_types(now)}}
        return {
            "__builtins__": {**self._builtins, "print": printed.print, "__import__": _import},
            "__name__": "method",
            **{name: Facade(name, attributes) for name, attributes in facades.items()},
        }


def _import(name: str, *context: object) -> object:
    # The context is globals, locals, wanted names, level. A statement wants a tuple of names, the interpreter a list.
    if name in _IMPORTED_FROM_C and len(context) > 2 and isinstance(context[2], list):
        return sys.modules[name]
    raise ImportError(f"{name}: use what is offered without an import")
