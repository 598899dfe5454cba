"""How the tests are spread over processes, and which of them are tried a second time.

Calls of end-to-end tests take the time that calls take; they begin first, and the other rooms are
worked off beside them. What shares a fixture of a whole session stays in one process.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import structlog

ROOT: Final = Path(__file__).parent
LONGEST: Final = ROOT / "end_to_end"
ONE_SERVER: Final = {"server", "made"}
"""Fixtures of end-to-end tests that are one server for many files."""

REAL_PROGRAMS: Final = (LONGEST, ROOT / "web" / "page")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST not in item.path.parents)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
        if _talks_to_real_programs(item):
            item.add_marker(pytest.mark.flaky(reruns=1))


def _group(item: pytest.Item) -> str:
    if LONGEST not in item.path.parents:
        return str(item.path.parent.relative_to(ROOT))
    shared = ONE_SERVER & set(getattr(item, "fixturenames", ()))
    return "calls" if shared else item.path.stem


def _talks_to_real_programs(item: pytest.Item) -> bool:
    """Whether telephones and browsers take part, which lose packets and time as they please
    (docs/decisions/0043); a second failure counts, and every second try is reported."""
    if item.get_closest_marker("peer"):
        return True
    return any(folder in item.path.parents for folder in REAL_PROGRAMS)


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """What a test does to logging is undone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _no_log_goes_to_what_a_test_has_closed() -> Iterator[None]:
    """Commands under test send logs to their own streams; later tests must not."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    for handler in root.handlers[:]:
        if handler not in before and not type(handler).__module__.startswith("_pytest"):
            root.removeHandler(handler)
