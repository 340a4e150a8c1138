"""Every verb of the command line, with the code that it ends with and the kinds of reply that it prints."""

from __future__ import annotations

from dataclasses import dataclass

SCRIPT = r"""
[[rules]]
match = "def deposit_[^#]*$"
answers = ["\n    self.balance += amount\n    self._p_changed = True\n"]

[[rules]]
match = "def withdraw_[^#]*$"
answers = ["\n    self.balance -= amount\n    self._p_changed = True\n"]

[[rules]]
match = "JSON"
answers = ['{"strategy": "one assignment", "pillars": [], "sub_questions": {}, "look_up": []}']

[[rules]]
match = ""
answers = ["It holds enough."]
"""
MAKE = "account = genesis_obj.clone(balance=100)"
LEARN = "account.deposit_(amount=50)  # add amount to balance => self.balance == 150"
CASE = '{"slots": {"balance": 9}, "args": {"amount": 2}, "after": {"balance": 7}}\n'
METHOD = "def double(self):\n    return self.balance * 2\n"


@dataclass(frozen=True)
class Verb:
    """A command line as words; {home} is a folder with notes.md, cases.jsonl and method.py."""

    line: str
    reply: str = ""
    """Of what kind every line of stdout is where the code is 0; empty: none is told apart."""
    code: int = 0
    beside: int | None = None
    """The code beside a running kernel, where it is another."""

    @property
    def words(self) -> list[str]:
        return self.line.split(" ")


VERBS = (
    Verb("send account.balance", "answer"),
    Verb("ask account Enough?", "answer"),
    Verb("teach account withdraw_ --examples {home}/cases.jsonl", "answer"),
    Verb("index {home}/notes.md", "index", beside=3),
    Verb("search tomatoes", "passage"),
    Verb("missions", "missions"),
    Verb("missions show m1", "mission"),
    Verb("missions wait m1", "mission"),
    Verb("missions approve m1", "mission", 1),
    Verb("missions reject m1 --reason no", "mission", 1),
    Verb("missions retry m1", "mission", 1),
    Verb("missions cancel m1", "mission", 1),
    Verb("show", "objects"),
    Verb("show account", "object"),
    Verb("diff account.deposit_", "diff"),
    Verb("history account --limit 3", "history"),
    Verb("history --mission m1 --since 1d", "history"),
    Verb("image", "image"),
    Verb("image backup {home}/backup", "backup"),
    Verb("verify", "method"),
    Verb("model", "model"),
    Verb("adapter", ""),
    Verb("persona", "persona"),
    Verb("persona show ALFRED", "persona"),
    Verb("guard {home}/method.py", ""),
    Verb("stats", "stats"),
    Verb("log -n 2", "event"),
    Verb("doctor", "check"),
    Verb("config", "settings"),
    Verb("bridge", "bridge", 3, beside=0),
    Verb("bridge keys", "bridge"),
    Verb("attach", "", 3, beside=2),
    Verb("serve --host 0.0.0.0", "", 2),
    Verb("completion bash", ""),
    Verb("bench jit {home}/nowhere.jsonl", "", 2),
    Verb("demo", ""),
    Verb("undo m1", "answer"),
    Verb("image pack --days 0", "answer"),
)
