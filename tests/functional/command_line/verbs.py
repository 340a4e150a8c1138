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
VERA = 'name = "VERA"\ntitle = "the tester"\nsystem_prompt = "You are Vera."\n'
METHOD = "def double(self):\n    return self.balance * 2\n"


@dataclass(frozen=True)
class Verb:
    """A command line as words; {home} is a folder with what they name."""

    line: str
    reply: str = ""
    """Of what kind every line of stdout is where the code is 0; empty: none is told apart."""
    code: int = 0
    beside: int | None = None
    """The code beside a running kernel, where it is another."""
    slow: bool = False
    """Whether it says what another line says, too."""

    @property
    def words(self) -> list[str]:
        return self.line.split(" ")


VERBS = (
    Verb("send account.balance", "answer"),
    Verb("ask account Enough?", "answer"),
    Verb("teach account withdraw_ --examples {home}/cases.jsonl", "answer"),
    Verb("index {home}/notes.md", "index"),
    Verb("index --prune {home}/notes.md", "index", slow=True),
    Verb("search tomatoes", "passage"),
    Verb("missions", "missions"),
    Verb("missions list --open", slow=True),
    Verb("missions show m1", "mission"),
    Verb("missions edit m1", "mission", 1),
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
    Verb("image info", "image", slow=True),
    Verb("image backup {home}/backup", "backup"),
    Verb("verify", "method"),
    Verb("model", "model"),
    Verb("model list", "model", slow=True),
    Verb("model pull nowhere", code=2, slow=True),
    Verb("model quantize {home}/nowhere", code=3, slow=True),
    Verb("model add {home}/small", "answer"),
    Verb("model show small", "model"),
    Verb("model use script", "answer"),
    Verb("model remove small", "answer"),
    Verb("adapter", "adapter"),
    Verb("adapter list", "adapter", slow=True),
    Verb("adapter add {home}/poet", "answer"),
    Verb("adapter pull http://example.invalid/poet", code=2, slow=True),
    Verb("adapter train --from-image --yes", code=1),
    Verb("adapter show poet", "adapter"),
    Verb("adapter remove poet", "answer"),
    Verb("persona", "persona"),
    Verb("persona list", "persona", slow=True),
    Verb("persona show ALFRED", "persona"),
    Verb("persona add {home}/vera.toml", "answer"),
    Verb("persona remove VERA", "answer"),
    Verb("guard {home}/method.py", "verdict"),
    Verb("stats", "stats"),
    Verb("log -n 2", "event"),
    Verb("doctor", "check"),
    Verb("config", "settings"),
    Verb("bridge", "bridge", 3, beside=0),
    Verb("bridge status", "bridge", 3, beside=0, slow=True),
    Verb("bridge keys add laptop", "bridge"),
    Verb("bridge keys", "bridge"),
    Verb("bridge keys list", "bridge", slow=True),
    Verb("bridge keys remove laptop", "bridge"),
    Verb("attach", "", 3, beside=2),
    Verb("serve --host 0.0.0.0", "", 2),
    Verb("completion bash", ""),
    Verb("bench jit {home}/nowhere.jsonl", "", 2),
    Verb("demo", ""),
    Verb("undo m1", "answer"),
    Verb("image pack --days 0", "answer"),
    Verb("bridge stop", "bridge", 3, beside=0),
)
