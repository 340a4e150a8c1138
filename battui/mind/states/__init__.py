"""The prototypal state machine: one file a state, each a function from a cycle and outcomes to a step."""

from battui.mind.states.context import MindContext, StateFunction
from battui.mind.states.subject import expected_of, title_of
from battui.mind.states.table import state_functions

__all__ = ["MindContext", "StateFunction", "expected_of", "state_functions", "title_of"]
