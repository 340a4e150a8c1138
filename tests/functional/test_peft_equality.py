"""The converted adapter says what PEFT says: greedy text of llama.cpp against transformers, on the same weights.

Needs torch, transformers, peft and gguf beside battui's own dependencies; they are no part of the development set.

Only texts with an adapter are compared. llama.cpp rounds what it multiplies with quantised weights to 8 bits, and
transformers does not: without an adapter, one of these prompts comes so near to a tie that the two part over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from battui.contracts.generation import AdapterUse, EngineOptions, GenerationRequest, ModelFiles
from battui.engines.llama_cpp import LlamaCppEngine
from tests.peft_adapters import header_of, make_adapter

pytestmark = [
    pytest.mark.slow,
    pytest.mark.model,
    pytest.mark.filterwarnings("default"),
    pytest.mark.timeout(900),
]
REASON = "torch, transformers, peft and gguf are needed to compare with"
PROMPTS = ("The capital of France is", "Once upon a time, in a small village,", "def add(a, b):\n    return")
TOKENS = 16
STRENGTH = 0.04  # enough to change every text, and not so much that the text hangs on a rounding


@pytest.fixture(scope="module")
def model(bundled_model: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    folder, header = tmp_path_factory.mktemp("adapters"), header_of(bundled_model)
    adapters = (
        make_adapter(folder / "poet", header, seed=11, strength=STRENGTH),
        make_adapter(folder / "clerk", header, seed=12, rank=4, strength=STRENGTH),
    )
    return replace(bundled_model, adapters=adapters)


@pytest.fixture(scope="module")
def theirs(model: ModelFiles) -> Mapping[tuple[str, str], str]:
    """What transformers and PEFT say, for each adapter and without one."""
    torch: Any = pytest.importorskip("torch", reason=REASON)
    transformers: Any = pytest.importorskip("transformers", reason=REASON)
    peft: Any = pytest.importorskip("peft", reason=REASON)
    pytest.importorskip("gguf", reason=REASON)
    path = Path(next(iter(model.files.values())))
    source = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(**source)
    dense = transformers.GgufConfig(dequantize=True)
    base = transformers.AutoModelForCausalLM.from_pretrained(
        **source, dtype=torch.float32, quantization_config=dense
    )
    spoken: Any = peft.PeftModel.from_pretrained(
        base, str(Path(model.adapters[0].files["adapter_config.json"]).parent), adapter_name="poet"
    )
    spoken.load_adapter(
        str(Path(model.adapters[1].files["adapter_config.json"]).parent), adapter_name="clerk"
    )

    def say(prompt: str) -> str:
        ids = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
        with torch.no_grad():
            out = spoken.generate(**ids, do_sample=False, max_new_tokens=TOKENS, pad_token_id=0)
        return str(tokenizer.decode(out[0][ids["input_ids"].shape[1] :], skip_special_tokens=True))

    texts: dict[tuple[str, str], str] = {}
    for name in ("poet", "clerk"):
        spoken.set_adapter(name)
        texts |= {(name, prompt): say(prompt) for prompt in PROMPTS}
    with spoken.disable_adapter():
        texts |= {("", prompt): say(prompt) for prompt in PROMPTS}
    return texts


@pytest.fixture(scope="module")
def ours(model: ModelFiles, theirs: object) -> Mapping[tuple[str, str], str]:
    """What battui says."""
    engine = LlamaCppEngine()
    engine.load(model, EngineOptions(parallel=1, context=512), lambda _: None)

    def say(adapter: str, prompt: str) -> str:
        use = AdapterUse(adapter) if adapter else None
        request = GenerationRequest("job", prompt=prompt, max_tokens=TOKENS, adapter=use)
        return engine.generate(request, lambda *_: None).candidates[0].text

    texts = {
        (adapter, prompt): say(adapter, prompt) for adapter in ("", "poet", "clerk") for prompt in PROMPTS
    }
    engine.unload()
    return texts


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("adapter", ["poet", "clerk"])
def test_greedy_text_is_the_same(
    ours: Mapping[tuple[str, str], str], theirs: Mapping[tuple[str, str], str], adapter: str, prompt: str
) -> None:
    assert ours[adapter, prompt] == theirs[adapter, prompt]


def test_adapters_change_the_text(theirs: Mapping[tuple[str, str], str]) -> None:
    assert all(len({theirs[name, prompt] for name in ("", "poet", "clerk")}) == 3 for prompt in PROMPTS)
