"""A model's own chat template, as transformers keeps it: Jinja, run in Jinja's sandbox."""

from __future__ import annotations

import importlib
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from battui.contracts.errors import ModelUnavailable, Refused
from battui.contracts.generation import ChatMessage, ModelFiles

SETTINGS = "tokenizer_config.json"
TEMPLATE = "chat_template.jinja"
MAX_TEMPLATE = 1 << 20


class ChatTemplate:
    """Turns messages into a prompt. Raises ModelUnavailable where the template cannot be read."""

    def __init__(self, source: str, tokens: dict[str, str], about: str) -> None:
        jinja2 = importlib.import_module("jinja2")
        sandbox = importlib.import_module("jinja2.sandbox")
        environment = sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise ModelUnavailable(f"its chat template cannot be read ({error})", about=about) from error
        self._problem = jinja2.TemplateError
        self._tokens = tokens

    def applied(self, messages: Sequence[ChatMessage]) -> str:
        """The prompt for an answer to `messages`; raises Refused where the template wants others."""
        plain = [{"role": each.role, "content": each.content} for each in messages]
        try:
            return str(self._template.render(messages=plain, add_generation_prompt=True, **self._tokens))
        except self._problem as error:
            raise Refused(f"the model's chat template refused the messages: {error}") from error


def chat_template(model: ModelFiles) -> ChatTemplate | None:
    """The template among a model's files, None where it has none or Jinja is not installed."""
    if importlib.util.find_spec("jinja2") is None:
        return None
    settings = _settings(model)
    source: Any = settings.get("chat_template")
    if TEMPLATE in model.files:
        source = Path(model.files[TEMPLATE]).read_text(encoding="utf-8")[:MAX_TEMPLATE]
    if not isinstance(source, str):
        return None
    tokens = {name: _text(settings.get(name)) for name in ("bos_token", "eos_token")}
    return ChatTemplate(source, tokens, model.name)


def _settings(model: ModelFiles) -> dict[str, Any]:
    if SETTINGS not in model.files:
        return {}
    try:
        found = json.loads(Path(model.files[SETTINGS]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"its {SETTINGS} cannot be read ({error})", about=model.name) from error
    return found if isinstance(found, dict) else {}


def _text(token: Any) -> str:
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _refuse(message: str) -> str:
    raise Refused(f"the model's chat template refused the messages: {message}")
