"""Imports the application's modules from texts, in the process that runs its functions.

The texts came over the pipe, so that a process started later imports what its version held, not
what was saved since. No compiled files are written. Imports nothing of voicebot.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

PACKAGE: Final = "actions"
"""The files are modules of a package of this name, so that `email.py` hides no library."""


class TextFinder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads the modules of ``PACKAGE``. ``texts`` are path and text by the name of the
    module within the package; the package itself and its folders need no ``__init__.py``."""

    def __init__(self, folder: str, texts: Mapping[str, tuple[str, str]]) -> None:
        self._folder = folder
        self._texts = {f"{PACKAGE}.{name}".rstrip("."): text for name, text in texts.items()}
        names = list(self._texts)
        self._packages = {PACKAGE} | {
            name[:end] for name in names for end in range(len(name)) if name[end] == "."
        }

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._texts and fullname not in self._packages:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=self._path(fullname))

    def is_package(self, fullname: str) -> bool:
        return fullname in self._packages

    def get_source(self, fullname: str) -> str:
        return self._texts[fullname][1] if fullname in self._texts else ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.get_source(fullname), self._path(fullname), "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._path(module.__name__)
        exec(self.get_code(module.__name__), module.__dict__)

    def _path(self, fullname: str) -> str:
        if fullname in self._texts:
            return self._texts[fullname][0]
        return str(Path(self._folder, *fullname.split(".")[1:], "__init__.py"))


def install(folder: str, texts: Mapping[str, tuple[str, str]]) -> None:
    """Let ``import actions.NAME`` find the texts, before anything else of that name."""
    sys.meta_path.insert(0, TextFinder(folder, texts))
