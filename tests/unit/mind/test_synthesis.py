"""From a brief to prompts, and from what a model wrote to a method."""

from __future__ import annotations

import ast
import copy
import json
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.generation import FinishReason, Generated
from battui.contracts.values import Ref
from battui.guardian import review
from battui.mind.briefs import PLAIN, MethodBrief, WorkedExample, abridge
from battui.mind.examples import facet_examples, nearest, shipped_examples
from battui.mind.grammar import body_grammar
from battui.mind.synthesis import method_requests, method_source

TASKS = Path(__file__).parents[2] / "data" / "jit_development.jsonl"
BRIEF = MethodBrief(
    selector="deposit_",
    parameters=("amount",),
    arguments={"amount": 50},
    intent="add amount to balance",
    expectation="self.balance == 150",
    slots={"balance": 100},
    understood=("clone",),
)
HEAD = 'def deposit_(self, amount):\n    """Add amount to balance."""\n'
BODY = "    self.balance += amount\n    self._p_changed = True"


def ask(brief: MethodBrief, **changes: Any) -> tuple[Any, ...]:
    wanted = {
        "request_id": "m1",
        "candidates": 4,
        "attempt": 0,
        "max_tokens": 99,
        "temperature": 0.8,
        **changes,
    }
    return method_requests(brief, **wanted)


def written(text: str, finish: FinishReason = "stop") -> str:
    return method_source(BRIEF, Generated(0, text, 9, finish))


class Receiver:
    """Holds an example's slots as attributes."""


def table(file: str) -> list[dict[str, Any]]:
    text = (files("battui.mind.prompts") / file).read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["example"]
    return entries


@pytest.mark.parametrize("entry", table("examples.toml"), ids=lambda entry: entry["selector"])
def test_a_worked_example_does_what_it_says(entry: dict[str, Any]) -> None:
    space: dict[str, Any] = {}
    receiver = Receiver()
    vars(receiver).update(copy.deepcopy(entry["slots"]))
    exec(entry["source"], space)
    result = space[entry["selector"]](receiver, **entry.get("arguments", {}))
    after = dict(vars(receiver))
    signalled = after.pop("_p_changed", False)
    assert result == entry.get("result")
    assert after == {**entry["slots"], **entry.get("after", {})}
    assert signalled == ("after" in entry)
    assert list(entry.get("arguments", {})) == entry["parameters"]


@pytest.mark.parametrize(
    "example", [*shipped_examples(), *facet_examples()], ids=lambda example: example.selector
)
def test_the_guardian_accepts_a_worked_example_as_it_stands(example: WorkedExample) -> None:
    verdict = review(example.source)
    assert verdict.accepted
    assert not verdict.repaired
    assert (verdict.selector, verdict.parameters) == (example.selector, example.parameters)


def test_no_worked_example_is_a_development_task() -> None:
    tasks = [json.loads(line) for line in TASKS.read_text(encoding="utf-8").splitlines()]
    shown = shipped_examples()
    assert not {task["selector"] for task in tasks} & {example.selector for example in shown}
    assert not {task["intent"] for task in tasks} & {example.intent for example in shown}


def test_the_prompt_starts_alike_for_every_brief_and_ends_in_the_head() -> None:
    other = replace(
        BRIEF, selector="names", parameters=(), intent="return the names", slots={"crew": ["Ida"]}
    )
    one, two = ask(BRIEF)[0].prompt, ask(other)[0].prompt
    core = [example.source for example in shipped_examples() if example.core]
    start = one[: one.index(core[-1]) + len(core[-1])]
    assert two.startswith(start)
    assert one.endswith("# slots: balance = 100\n# add amount to balance\ndef deposit_(self, amount):")
    assert two.endswith("def names(self):")


def test_a_first_attempt_is_one_request_whose_first_candidate_is_greedy() -> None:
    (request,) = ask(BRIEF)
    assert (request.candidates, request.first_greedy, request.grammar) == (4, True, None)
    assert (request.max_tokens, request.sampling.temperature) == (99, 0.8)


def test_advice_and_feedback_are_woven_into_some_prompts_and_never_into_the_first() -> None:
    plain, noted = ask(replace(BRIEF, advice=("Keep it\nsimple.",), feedback=("line 2: no such slot",)))
    assert plain.prompt == ask(BRIEF)[0].prompt
    assert "# line 2: no such slot\n# Keep it simple.\n# slots: balance" in noted.prompt
    assert plain.candidates + noted.candidates == 4
    assert plain.id != noted.id
    (alone,) = ask(replace(BRIEF, advice=("x",)), candidates=1)
    assert alone.candidates == 1


def test_a_retry_samples_anew() -> None:
    (first,), (again,) = ask(BRIEF), ask(BRIEF, attempt=1)
    assert first.sampling.seed != again.sampling.seed
    assert not again.first_greedy


def test_without_an_intent_the_selector_speaks() -> None:
    brief = replace(BRIEF, selector="count_birds_", intent="")
    assert "# count birds\ndef" in ask(brief)[0].prompt
    assert '"""Count birds."""' in method_source(brief, Generated(0, "\n    return 1", 3, "stop"))


def test_slots_that_the_intent_names_come_first_and_push_most_others_out() -> None:
    brief = replace(BRIEF, slots={**{f"other{n}": n for n in range(9)}, "balance": 100})
    assert "# slots: balance = 100, other0 = 0, other1 = 1, other2 = 2\n#" in ask(brief)[0].prompt


def test_a_facet_is_shown_facets_only() -> None:
    brief = replace(BRIEF, selector="sage_facet_", parameters=("question",), intent="a calm sage", facet=True)
    prompt = ask(brief, constrained=True)[0].prompt
    assert prompt.count("self.infer_(") == len(facet_examples())
    assert ask(brief, constrained=True)[0].grammar is None


def test_learned_methods_compete_with_the_shipped_examples() -> None:
    learned = WorkedExample(
        selector="credit_",
        parameters=("amount",),
        slots={"balance": 1},
        intent="add amount to the balance",
        source="def credit_(self, amount):\n    self.balance += amount\n    self._p_changed = True",
        arguments={"amount": 1},
    )
    assert "def credit_" in ask(BRIEF, examples=[learned])[0].prompt
    assert nearest(BRIEF, [*shipped_examples(), learned], 3)[-1] is learned


@pytest.mark.parametrize(
    ("intent", "slots", "expected"),
    [
        ("add coins to jar", {"jar": 1}, "feed_"),
        ("reduce heat by amount without going under zero", {"heat": 1}, "cool_down_"),
        ("count the fish", {"fish": ["cod"]}, "flock_size"),
        ("take everything out of basket", {"basket": ["egg"]}, "wipe_board"),
        ("return the whole cost of all meals, each with a price", {"meals": [{"price": 1}]}, "bill"),
    ],
)
def test_the_nearest_example_shares_the_operation_not_the_nouns(
    intent: str, slots: dict[str, Any], expected: str
) -> None:
    brief = replace(BRIEF, selector="do_", intent=intent, slots=slots)
    assert expected in {example.selector for example in nearest(brief, shipped_examples(), 3)}


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (f"\n{BODY}\n", HEAD + BODY),
        (f"\n{BODY}\n\n# slots: next = 1\ndef next(self):", HEAD + BODY),
        (f"\n{BODY}\n```\nThis method adds the amount.", HEAD + BODY),
        (f"```python\ndef deposit_(self, amount):\n{BODY}\n```\nThere you are!", HEAD + BODY),
        ("\n  self.balance += amount\n  self._p_changed = True", HEAD + BODY),
        (" return amount", HEAD + "    return amount"),
        ("\n    return amount + balance", HEAD + "    return amount + self.balance"),
        ("\n    amount + 1", HEAD + "    return amount + 1"),
        ("\n    self.balance.append(amount)", HEAD + "    self.balance.append(amount)"),
        ("\n    balance = 2\n    return balance", HEAD + "    balance = 2\n    return balance"),
        ("\n    return [balance for balance in (1,)]", HEAD + "    return [balance for balance in (1,)]"),
        ("\n    return (", HEAD + "    return ("),
    ],
    ids=[
        "a body",
        "the next example after it",
        "chatter after a fence",
        "the whole method again in fences",
        "two columns of indentation",
        "a body on the line of the head",
        "a slot without self",
        "an answer that is thrown away",
        "a deed is no answer",
        "a local named like a slot",
        "a loop variable named like a slot",
        "no Python",
    ],
)
def test_the_method_is_cut_out_of_the_text(text: str, source: str) -> None:
    assert written(text) == source


def test_a_text_cut_short_loses_its_broken_end() -> None:
    text = "\n    self.balance += amount\n    if self.balance > (1"
    assert written(text, "length") == HEAD + "    self.balance += amount"
    assert written(text) != written(text, "length")


@given(st.text() | st.text(alphabet="\n\t `'\"def()self.:x#"), st.sampled_from(["stop", "length"]))
def test_any_text_gives_a_source_that_starts_with_the_head(text: str, finish: FinishReason) -> None:
    source = written(text, finish)
    assert source.startswith(BRIEF.head)
    assert source == source.rstrip()


@given(st.text())
def test_any_intent_leaves_the_method_whole(intent: str) -> None:
    source = method_source(replace(BRIEF, intent=intent), Generated(0, "\n    return 1", 3, "stop"))
    assert isinstance(ast.parse(source).body[0], ast.FunctionDef)
    assert ask(replace(BRIEF, intent=intent))[0].prompt.endswith(BRIEF.head)


def test_the_grammar_knows_slots_messages_and_what_the_expectation_names() -> None:
    brief = replace(BRIEF, slots={"balance": 1, "parent*": 2}, expectation="self.log == []")
    names = next(line for line in body_grammar(brief).split("\n") if line.startswith("slot ::="))
    assert names == 'slot ::= "self." ("_p_changed" | "balance" | "clone" | "log")'
    assert ask(brief, constrained=True)[0].grammar == body_grammar(brief)
    assert ask(brief, constrained=True, attempt=1)[0].grammar is None


@pytest.mark.parametrize(
    ("intent", "slots", "texts"),
    [
        ("return 'Hello ' followed by name", {"name": "Ida"}, """ "'Hello '" | "' '" | "''" """),
        ("set the field 'a' of rows to \"b\"", {"rows": [{"a": 1}]}, """ "'a'" | "'b'" | "' '" | "''" """),
        ("take the dog's bone, not the cat's", {"bone": 1}, " text "),
    ],
    ids=["quoted", "keys", "apostrophes"],
)
def test_a_quoted_text_is_said_as_it_is(intent: str, slots: dict[str, Any], texts: str) -> None:
    grammar = body_grammar(replace(BRIEF, intent=intent, slots=slots))
    assert f"word ::= slot | name | number | error | {texts.strip()}\n" in grammar


def test_an_intent_that_names_no_slot_may_make_one() -> None:
    assert '"nickname"' in body_grammar(replace(BRIEF, intent="remember amount as nickname"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.5"),
        (None, "None"),
        (Ref(31), "@1f"),
        ([1, 2, 3, 4], "[1, 2, 3, ...]"),
        ({"a": [Ref(1)], "b": True}, "{'a': [@1], 'b': True}"),
        ("x" * 41, f"'{'x' * 37}...'"),
    ],
)
def test_values_are_abridged_alike_everywhere(value: Any, text: str) -> None:
    assert abridge(value) == text


def test_an_abridged_value_is_never_long() -> None:
    assert len(abridge([["y" * 40] * 3] * 3)) == PLAIN.value


@pytest.mark.parametrize(
    ("intent", "docstring"),
    [
        ("add amount to balance", "Add amount to balance."),
        ("Add it. Then stop.", "Add it. Then stop."),
        ("is it empty?", "Is it empty?"),
    ],
)
def test_the_docstring_is_the_intent_as_a_sentence(intent: str, docstring: str) -> None:
    source = method_source(replace(BRIEF, intent=intent), Generated(0, BODY, 9, "stop"))
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert ast.get_docstring(function) == docstring
