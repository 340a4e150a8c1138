"""What a server that refuses says, in battui's errors. The key never comes back in one."""

from __future__ import annotations

import json
from collections.abc import Mapping

from battui.contracts.errors import BattuiError, EngineFailed, ModelUnavailable, Refused

MAX_MESSAGE = 300
LONG = ("context", "too long", "maximum length", "max_model_len")


def said(body: bytes) -> Mapping[str, object]:
    """The error in an answer, in the forms that servers give it."""
    try:
        answer = json.loads(body)
    except ValueError:
        return {"message": body.decode(errors="replace")}
    if not isinstance(answer, dict):
        return {"message": str(answer)}
    error = answer.get("error", answer.get("detail", answer))
    return error if isinstance(error, dict) else {"message": str(error)}


def told(status: int, error: object, about: str, key: str) -> BattuiError:
    """The error for an answer with this HTTP status."""
    fields = error if isinstance(error, Mapping) else {"message": str(error)}
    message = str(fields.get("message") or fields.get("msg") or "").strip()[:MAX_MESSAGE]
    if key:
        message = message.replace(key, "***")
    reason = f": {message}" if message else ""
    if status in (401, 403):
        # The server's own words are left out: some repeat a part of the key.
        remedy = "Put the key that it wants into the environment variable BATTUI_ENGINE_KEY."
        what = "the server does not accept the key" if key else "the server wants a key"
        return EngineFailed(what, about=about, remedy=remedy)
    if status in (400, 413, 422):
        if any(word in message.lower() for word in LONG):
            remedy = "Shorten the prompt, or start the server with a larger context."
            return Refused(f"the server's context is too small{reason}", about=about, remedy=remedy)
        return Refused(f"the server refused the request{reason}", about=about)
    if status == 404:
        remedy = "Look at engine.url, which often ends in /v1, and at engine.model."
        return ModelUnavailable(f"the server does not know this{reason}", about=about, remedy=remedy)
    if 300 <= status < 400:
        remedy = "Set engine.url to the address itself: the key is not carried elsewhere."
        return EngineFailed("the server sends us to another address", about=about, remedy=remedy)
    if status in (429, 503):
        return EngineFailed(
            f"the server is busy or not ready{reason}", about=about, remedy="Try again later."
        )
    return EngineFailed(f"the server failed with status {status}{reason}", about=about)
