"""Names: which ones a source reads from outside, and which attributes it may touch.

Python's own symbol table says which names are global in which scope, so that a parameter called `list` or a
comprehension variable called `open` neither breaks the analysis nor opens a hole in it.
"""

from __future__ import annotations

import ast
import symtable
import unicodedata
import warnings

from battui.contracts.offered import offered
from battui.guardian.allow.vocabulary import vocabulary


def global_names(source: str) -> frozenset[str]:
    """Every name that some scope of `source` reads from outside. Raises SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = symtable.symtable(source, "<method>", "exec")
    names = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    pending = list(top.get_children())
    while pending:
        table = pending.pop()
        pending.extend(table.get_children())
        names |= {symbol.get_name() for symbol in table.get_symbols() if _is_outside(symbol)}
    return frozenset(names)


def _is_outside(symbol: symtable.Symbol) -> bool:
    # A scope that is called "top" is taken for the module by the library: what it binds is global *and* local there.
    return symbol.is_declared_global() or (symbol.is_global() and not symbol.is_local())


def root(node: ast.expr) -> str:
    """The name that a chain of attributes and items begins with; empty where it begins with something else."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def normal(name: str) -> str:
    """The name as Python understands it: wide letters and ligatures are their plain forms."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def name_fault(name: str) -> tuple[str, str] | None:
    """Why a name may not be used or bound at all: message and remedy."""
    if name.startswith("_") and name != "_":
        return f"the name {name} starts with an underscore", "Choose a name that starts with a letter."
    return None


def unknown_name_fault(name: str) -> tuple[str, str] | None:
    """Why a name that is read from outside is not there: message and remedy."""
    if name in offered().names or name_fault(name):
        return None
    words = vocabulary()
    if name in words.reflective:
        return f"{name} may not be used", words.remedies.get(name, "Do without it.")
    remedy = words.remedies.get(name, "Make it a parameter, a local name, or a slot: self." + name + ".")
    return f"the name {name} is not known here", remedy


def attribute_fault(name: str) -> tuple[str, str] | None:
    """Why an attribute may not be touched: message and remedy."""
    words = vocabulary()
    if name.startswith("_"):
        return (
            f"the attribute {name} starts with an underscore",
            "The only one allowed is the signal, on a line of its own: self._p_changed = True.",
        )
    if name in words.denied_attributes:
        return f"the attribute {name} may not be used", words.remedies.get(name, "Do without it.")
    return None


def facade_fault(module: str, name: str) -> tuple[str, str] | None:
    """Why `module.name` is not offered: message and remedy."""
    allowed = offered().facades[module]
    if name in allowed:
        return None
    return f"{module}.{name} is not offered", f"Use one of: {', '.join(sorted(allowed))}."
