"""The covenant: a method that changes state signals `self._p_changed = True` on every path that leaves it."""

from battui.guardian.covenant.analysis import Leak, Verdict, analyse
from battui.guardian.covenant.core import Change, Policy, TooComplex

__all__ = ["Change", "Leak", "Policy", "TooComplex", "Verdict", "analyse"]
