"""What a run tells while it goes on, and what it writes down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from training.expert.checkpoint import Place

FILE = "log.jsonl"
TOLD_EVERY = 10.0


class Pace:
    """Tells loss, speed and the time that is left, now and then."""

    def __init__(self, place: Place, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._since, self._at = replace(place), time.monotonic()
        self._loss, self._said = 0.0, 0

    def met(self, loss: float, said: int) -> None:
        """A step had this sum of losses, of so many tokens."""
        self._loss, self._said = self._loss + loss, self._said + said

    def told(self, place: Place, passes: float, progress: float) -> None:
        """Tell, if the last time is long enough ago."""
        if time.monotonic() - self._at < TOLD_EVERY:
            return
        seconds = max(place.seconds - self._since.seconds, 1e-9)
        tokens, said = place.tokens - self._since.tokens, place.said - self._since.said
        left = place.seconds / progress * (1 - progress) if progress else 0.0
        self._tell(
            f"step {place.steps}  pass {passes:.2f}  loss {self._loss / max(self._said, 1):.4f}  "
            f"{tokens / seconds:.0f} tokens/s ({said / seconds:.0f} completion)  "
            f"{_clock(place.seconds)} done, {_clock(left)} left"
        )
        self._since, self._at = replace(place), time.monotonic()
        self._loss, self._said = 0.0, 0

    def seen(self, losses: dict[str, float], passes: float) -> None:
        """Tell the loss on examples that are not trained on."""
        told = ", ".join(f"{name} {value:.4f}" for name, value in losses.items())
        self._tell(f"pass {passes:.2f}  development loss: {told}")


class Log:
    """One JSON object a line for each step and each look at the development examples."""

    def __init__(self, folder: Path, steps: int) -> None:
        """Go on with the folder's log; what was written after step number `steps` will come anew."""
        path = folder / FILE
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= steps]
        path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        self._path = path

    def add(self, **told: float) -> None:
        """Write a line."""
        with self._path.open("a", encoding="utf-8") as file:
            print(json.dumps(told), file=file)

    @staticmethod
    def place(place: Place) -> dict[str, float]:
        """How far the run has come, for a line."""
        return {"seconds": place.seconds, "tokens": place.tokens, "said": place.said}


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
