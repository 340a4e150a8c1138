"""exllamav2: EXL2, GPTQ and fp16 models on NVIDIA GPUs, in batches with flash-attn and one by one without."""

from __future__ import annotations

import gc
import queue
import shutil
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from battui.contracts.errors import BattuiError, ModelUnavailable, Refused
from battui.contracts.generation import (
    Capability,
    EngineDescription,
    EngineOptions,
    GenerationRequest,
    GenerationResult,
    ModelFiles,
    OnProgress,
    OnToken,
)
from battui.engines.admission import admit, too_long
from battui.engines.chat_template import ChatTemplate, chat_template
from battui.engines.exllamav2_adapters import Adapters
from battui.engines.exllamav2_folder import lay_out
from battui.engines.exllamav2_library import Library, import_library
from battui.engines.exllamav2_notes import Note, gathered
from battui.engines.exllamav2_turns import Job, Turns

PAGE = 256
CACHES = {
    "fp16": "ExLlamaV2Cache",
    "q8": "ExLlamaV2Cache_Q8",
    "q6": "ExLlamaV2Cache_Q6",
    "q4": "ExLlamaV2Cache_Q4",
}
CAPABILITIES: frozenset[Capability] = frozenset({"stream", "batch", "adapters"})


class ExLlamaV2Engine:
    """Generates with a model's folder. One thread works the generator; jobs wait for it in turns by adapter."""

    def __init__(self) -> None:
        self._library: Library | None = None
        self._folder: Path | None = None
        self._model: Any = None
        self._tokenizer: Any = None
        self._generator: Any = None
        self._adapters: Adapters | None = None
        self._turns: Turns | None = None
        self._template: ChatTemplate | None = None
        self._name = ""
        self._context = 0
        self._running: dict[str, threading.Event] = {}

    def describe(self) -> EngineDescription:
        return EngineDescription(
            name="exllamav2",
            version=_version(),
            model=self._name,
            context=self._context,
            capabilities=CAPABILITIES | (frozenset({"chat-template"}) if self._template else frozenset()),
            device=self._device(),
            adapters=self._adapters.names if self._adapters else (),
        )

    def load(self, model: ModelFiles, options: EngineOptions, progress: OnProgress) -> None:
        """Raises ModelUnavailable for what is no whole model of a kind that the library reads and for an adapter that
        does not fit it, EngineFailed without the library or a device."""
        self.unload()
        folder = self._folder = Path(tempfile.mkdtemp(prefix="exllamav2-"))
        try:
            (folder / "model").mkdir()
            (folder / "adapters").mkdir()
            lay_out(model, folder / "model")  # before the library: what is wrong here needs no GPU to be seen
            self._library = import_library()
            progress(0.0)
            self._load(self._library, model, options, progress)
        except BattuiError:
            self.unload()
            raise
        except Exception as error:
            self.unload()
            raise ModelUnavailable(
                f"exllamav2 cannot load this model: {error}",
                about=model.name,
                remedy="The engine's log says more.",
            ) from error
        progress(1.0)

    def _load(
        self, library: Library, model: ModelFiles, options: EngineOptions, progress: OnProgress
    ) -> None:
        assert self._folder is not None
        config = library.exllamav2.ExLlamaV2Config(str(self._folder / "model"))
        self._context = min(options.context, config.max_seq_len)
        # The library takes lengths in whole pages only.
        config.max_seq_len = _whole_pages(self._context)
        batch = max(1, options.parallel) if library.paged else 1
        self._model = library.exllamav2.ExLlamaV2(config)
        kind = getattr(library.exllamav2, CACHES[options.kv])
        cache = kind(self._model, max_seq_len=config.max_seq_len * batch, lazy=True)
        self._model.load_autosplit(
            cache, callback=lambda done, all_: progress(min(0.99, done / max(1, all_)))
        )
        self._tokenizer = library.exllamav2.ExLlamaV2Tokenizer(config)
        self._generator = library.generator.ExLlamaV2DynamicGenerator(
            self._model, cache, self._tokenizer, max_batch_size=batch, paged=library.paged
        )
        self._adapters = Adapters(library, self._model, self._folder / "adapters")
        for adapter in model.adapters:
            self._adapters.add(adapter)
        self._template = chat_template(model)
        self._turns = Turns(self._generator, self._adapters.at)
        self._name = model.name

    def generate(self, request: GenerationRequest, on_token: OnToken) -> GenerationResult:
        turns = self._loaded()
        admit(request, self.describe())
        ids = self._encoded(self._prompt(request))
        tokens = int(ids.shape[-1])
        if tokens >= self._context:
            raise too_long(tokens, self._context)
        cancelled = self._running[request.id] = threading.Event()
        notes: queue.SimpleQueue[Note] = queue.SimpleQueue()
        jobs = [self._job(request, index, ids, notes, cancelled) for index in range(request.candidates)]
        try:
            turns.put(jobs)
            return gathered(request, notes, on_token, tokens)
        finally:
            cancelled.set()  # where one failed, the others are of no use
            self._running.pop(request.id, None)

    def _job(
        self,
        request: GenerationRequest,
        index: int,
        ids: Any,
        notes: queue.SimpleQueue[Note],
        cancelled: threading.Event,
    ) -> Job:
        assert self._library is not None
        generator, sampling = self._library.generator, request.sampling
        greedy = sampling.temperature == 0.0 or (request.first_greedy and index == 0)
        settings = generator.ExLlamaV2Sampler.Settings(
            temperature=1.0 if greedy else sampling.temperature,
            top_k=1 if greedy else sampling.top_k,
            top_p=0.0 if greedy else sampling.top_p,
            token_repetition_penalty=sampling.repeat_penalty,
        )
        stops = [*self._ends(), *(stop for stop in request.stop if stop)]

        def make() -> Any:
            return generator.ExLlamaV2DynamicJob(
                input_ids=ids,
                max_new_tokens=min(request.max_tokens, self._context - int(ids.shape[-1])),
                gen_settings=settings,
                seed=sampling.seed + index,
                stop_conditions=stops,
            )

        return Job(index, request.adapter, make, notes, cancelled)

    def _ends(self) -> set[int]:
        """The tokens that end a text: the library itself looks at the first of several only."""
        told = getattr(self._model.config, "generation_config", None) or {}
        return {
            int(end)
            for end in (self._tokenizer.eos_token_id, *(told.get("eos_token_id") or ()))
            if end is not None
        }

    def _prompt(self, request: GenerationRequest) -> str:
        if request.prompt is not None:
            return request.prompt
        assert self._template is not None
        return self._template.applied(request.messages)

    def _encoded(self, text: str) -> Any:
        ids = self._tokenizer.encode(text, encode_special_tokens=True)
        if not ids.shape[-1]:
            raise Refused("the prompt has no tokens", remedy="Say something in it.")
        return ids

    def cancel(self, request_id: str) -> None:
        if event := self._running.get(request_id):
            event.set()

    def count_tokens(self, text: str) -> int:
        self._loaded()
        return int(self._tokenizer.encode(text, encode_special_tokens=True).shape[-1]) if text else 0

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        raise Refused(f"exllamav2 makes no vectors, asked for those of {len(texts)} texts")

    def unload(self) -> None:
        if self._turns is not None:
            self._turns.stop()
        if self._adapters is not None:
            self._adapters.unload()
        if self._generator is not None:
            # The library never ends these, and it has no call that would.
            for pool in (self._generator.sampling_pool, self._generator.filter_pool):
                pool.shutdown(wait=False, cancel_futures=True)
        if self._model is not None:
            self._model.unload()
        self._turns = self._adapters = self._generator = self._model = self._tokenizer = self._template = None
        self._name, self._context = "", 0
        if self._library is not None:
            gc.collect()
            with suppress(RuntimeError):
                self._library.torch.cuda.empty_cache()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _loaded(self) -> Turns:
        if self._turns is None:
            raise ModelUnavailable("no model is loaded", about="exllamav2")
        return self._turns

    def _device(self) -> str:
        torch = self._library.torch if self._library else None
        return str(torch.cuda.get_device_name(0)) if torch and torch.cuda.is_available() else "cuda"


def _whole_pages(tokens: int) -> int:
    return -(-tokens // PAGE) * PAGE


def _version() -> str:
    try:
        return version("exllamav2")
    except PackageNotFoundError:
        return ""
