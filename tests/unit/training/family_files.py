"""A family that is right, and files of families with something changed in it."""

from __future__ import annotations

from pathlib import Path

from training.families import Family, read_file

DEPOSIT = '''
[[family]]
id = "money-deposit"
tier = 1
selectors = ["deposit_", "add_to_<balance>_"]
words = { balance = ["balance", "savings", "funds", "purse"], amount = ["amount", "coins", "payment", "sum_paid"] }
slots = { "<balance>" = "int(0, 900)" }
parameters = { "<amount>" = "int(1, 200)" }
intents = [
  "add <amount> to <balance>",
  "put <amount> into the <balance>",
  "increase <balance> by <amount>",
  "raise <balance> by <amount>",
  "credit <amount> to <balance>",
  "<balance> grows by <amount>",
]
bodies = ["""
self.<balance> += <amount>
self._p_changed = True
""", """
self.<balance> = self.<balance> + <amount>
self._p_changed = True
"""]
gives = "self.<balance>"
gives_word = "new <balance>"
positive = "<amount>"
'''

LARGEST = """
[[family]]
id = "list-largest"
tier = 1
selectors = ["largest", "highest_<item>"]
words = { item = ["price|prices", "score|scores", "level|levels", "size|sizes"] }
slots = { "<item+>" = "many(1, 6, int(1, 90))" }
intents = [
  "return the largest of <item+>",
  "the highest <item> in <item+>",
  "what is the biggest entry of <item+>?",
  "give back the maximum of <item+>",
  "find the largest <item>",
  "return the top <item> of <item+>",
]
bodies = ["return max(self.<item+>)", "return sorted(self.<item+>)[-1]"]
"""


def written(folder: Path, text: str, *changes: tuple[str, str], name: str = "some.toml") -> Path:
    """A file with `text`, in which each first part of a change is replaced by the second."""
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def family(folder: Path, text: str = DEPOSIT, *changes: tuple[str, str]) -> Family:
    """The one family of such a file, which can be read."""
    reading = read_file(written(folder, text, *changes))
    assert not reading.errors
    return reading.families[0]
