"""The Python files of an application, as they were when its version was read.

They are kept in memory: a process that is started later for the same version imports the same text,
whatever was saved meanwhile. Nothing is run here.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from voicebot.actions.written_secrets import secret_name, secret_text
from voicebot.document import Place
from voicebot.errors import FlowError

FOLDER: Final = "actions"
"""Where they lie in an application."""

MAX_BYTES: Final = 1_000_000
"""Longest file that is read; a function's file is far below it."""


@dataclass(frozen=True, slots=True)
class Module:
    """One file; ``name`` has dots where there are folders (``shop.prices``)."""

    name: str
    path: str
    text: str
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Sources:
    """The modules of an application; ``problems`` are those of files that are not among them."""

    folder: str = ""
    modules: Mapping[str, Module] = field(default_factory=dict)
    problems: tuple[FlowError, ...] = ()


def read_sources(folder: Path) -> Sources:
    """Read all ``*.py`` below ``folder``, which may be absent. Problems are collected."""
    modules: dict[str, Module] = {}
    problems: list[FlowError] = []
    for path in _files(folder):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        try:
            modules[name] = module = _read(name, path)
        except FlowError as error:
            problems.append(error)
        else:
            problems += _written_secrets(module)
    return Sources(str(folder), modules, tuple(problems))


def _files(folder: Path) -> list[Path]:
    found = []
    for place, inner, files in os.walk(folder):
        inner[:] = sorted(each for each in inner if each.isidentifier())
        found += [
            Path(place, file)
            for file in sorted(files)
            if file.endswith(".py") and file.removesuffix(".py").isidentifier()
        ]
    return found


def _read(name: str, path: Path) -> Module:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FlowError(str(path), 0, 0, f"cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise FlowError(str(path), 0, 0, f"is longer than {MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
        tree = ast.parse(text, str(path))
    except UnicodeDecodeError as error:
        raise FlowError(str(path), 0, 0, f"is not UTF-8 at byte {error.start}") from None
    except SyntaxError as error:
        line, column = error.lineno or 0, error.offset or 1
        raise FlowError(str(path), line, column, f"is no Python: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise FlowError(str(path), 0, 0, "is no Python that can be read") from None
    return Module(name, str(path), text, tree)


def _written_secrets(module: Module) -> list[FlowError]:
    """Texts in the file that look like passwords: they belong into the environment."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and _text(node) and secret_text(str(node.value)):
            found.append(_secret(module, node))
        elif isinstance(node, ast.Assign) and _text(node.value):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            value = node.value
            assert isinstance(value, ast.Constant)
            if any(map(secret_name, names)) and not secret_text(str(value.value)):
                found.append(_secret(module, value))
    return found


def _text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(node.value)


def _secret(module: Module, node: ast.expr) -> FlowError:
    return place_of(module, node).error(
        "this looks like a secret",
        "Keep it in the environment, and read it with os.environ['NAME'].",
    )


def place_of(module: Module, node: ast.expr | ast.stmt | ast.arg) -> Place:
    """Where ``node`` begins. Python counts columns in bytes of UTF-8 from 0; we in characters."""
    lines = module.text.splitlines()
    line = lines[node.lineno - 1] if node.lineno <= len(lines) else ""
    column = len(line.encode()[: node.col_offset].decode(errors="replace")) + 1
    return Place(module.path, node.lineno, column)
