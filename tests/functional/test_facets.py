"""A message that ends in _facet_ and says whose voice it wants becomes a method that asks the model in that voice."""

from __future__ import annotations

import json

import pytest

from battui.mind.briefs import WorkedExample
from battui.mind.examples import facet_examples
from tests.functional.conftest import Live, script_of
from tests.functional.test_main_job import Scripted
from tests.functional.test_personas import asked, rule


@pytest.mark.parametrize("example", facet_examples(), ids=lambda example: example.selector)
async def test_a_facet_is_learned_and_its_answer_reaches_the_sender(
    scripted_image: Scripted, live: Live, example: WorkedExample
) -> None:
    """The worked examples themselves, as a model would write them: what they show has to run."""
    body = "\n" + example.source.partition("\n")[2] + "\n"
    voice = example.source.partition("'")[2].partition("'")[0]
    # The worked examples stand in other prompts with a quote before them.
    system = f"(?<!'){voice}"
    (name,) = example.parameters
    heads = {f"def {example.selector}": [body]}
    script = script_of(heads, extra=rule(f"{system}[^#]*second", "Still.") + rule(system, "It is the end."))
    line = f"mira.{example.selector}({name}={{}})  # {example.intent}"
    async with live(scripted_image(script)) as life:
        await life.line("mira = genesis_obj.clone(name='MIRA')")
        assert (await life.line(line.format(json.dumps("Where?")))).value == "It is the end."
        view = await life.mission("m1")
        again = await life.line(line.format(json.dumps("And the second time?")))
    assert (again.value, again.mission) == ("Still.", ""), "what was learned asks anew, with no mission"
    assert view.plan["reason"] == "a facet is the model's own words"
    (candidates,) = asked(view, "candidates")[:1]
    assert candidates["held_to"] == "", "a grammar of slots would not let it write a prompt"
