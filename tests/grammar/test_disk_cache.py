"""Compiled grammars that outlive the process."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from voicebot.grammar import store as store_module
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.disk_cache import LEAST_STATES, MOST_FILES, DiskCache
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.store import GrammarStore

HEADER = "#ABNF 1.0;\nlanguage en-US; root $a; tag-format <semantics/1.0>;\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = " | ".join(f"caller {number} {{out = {number}}}" for number in range(LEAST_STATES))
    (tmp_path / "names.gram").write_text(f"{HEADER}$a = {names} | $<more.gram>;\n")
    (tmp_path / "more.gram").write_text(f"{HEADER}$a = nobody;\n")
    return tmp_path


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are compiled, as they come."""
    seen: list[str] = []
    compile_source: Callable[..., CompiledGrammar] = store_module.compile_source

    def counted(source: SourceFile, folder: Path) -> CompiledGrammar:
        seen.append(Path(source.file).name)
        return compile_source(source, folder)

    monkeypatch.setattr(store_module, "compile_source", counted)
    return seen


def _meaning(folder: Path, words: str) -> object:
    match = GrammarStore(folder, folder / "cache").active(["names"]).match_words(words.split())
    return match and match.semantics


def test_restart_does_not_compile_again(folder: Path, compilations: list[str]) -> None:
    assert [_meaning(folder, "caller 7"), _meaning(folder, "caller 7")] == [7, 7]
    assert _meaning(folder, "nobody") == "nobody"
    assert compilations == ["names.gram"]


@pytest.mark.parametrize("name", ["names", "more"])
def test_changed_file_is_compiled_again(folder: Path, compilations: list[str], name: str) -> None:
    assert _meaning(folder, "nobody")
    path = folder / f"{name}.gram"
    path.write_text(path.read_text().replace("nobody", "somebody").replace("caller", "guest"))

    assert _meaning(folder, "caller 7" if name == "names" else "nobody") is None
    assert compilations == ["names.gram"] * 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: data[:40] + b"x" + data[41:],
        lambda data: _signed(b"not a pickle"),
        lambda data: _signed(pickle.dumps("not a grammar")),
    ],
)
def test_damaged_file_is_a_miss(
    folder: Path, compilations: list[str], damage: Callable[[bytes], bytes]
) -> None:
    _meaning(folder, "caller 7")
    (file,) = (folder / "cache").iterdir()
    file.write_bytes(damage(file.read_bytes()))

    assert _meaning(folder, "caller 7") == 7
    assert compilations == ["names.gram"] * 2
    assert _meaning(folder, "caller 7") == 7
    assert len(compilations) == 2, "the damaged file was replaced"


class Harmful:
    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.victim,)


def test_file_of_somebody_else_runs_nothing(folder: Path) -> None:
    _meaning(folder, "caller 7")
    (file,) = (folder / "cache").iterdir()
    file.write_bytes(_signed(pickle.dumps(Harmful(folder / "touched"))))

    assert _meaning(folder, "caller 7") == 7
    assert not (folder / "touched").exists()


def test_small_grammars_are_not_worth_a_file(folder: Path) -> None:
    GrammarStore(folder, folder / "cache").load("more")

    assert not (folder / "cache").exists()


def test_folder_that_cannot_be_written_costs_only_time(folder: Path) -> None:
    (folder / "cache").write_text("in the way")

    assert _meaning(folder, "caller 7") == 7


def test_number_of_files_is_bounded(folder: Path) -> None:
    cache = DiskCache(folder / "cache")
    grammar = GrammarStore(folder).load("names")
    (folder / "cache").mkdir()
    for number in range(MOST_FILES + 5):
        (folder / "cache" / f"{number}.grammar").touch()
    cache.put("a.gram", "1", grammar)

    assert len(list((folder / "cache").iterdir())) == MOST_FILES
    assert cache.get("a.gram", "1") == grammar


def _signed(body: bytes) -> bytes:
    return hashlib.sha256(body).digest() + body
