"""Findings of a check, written short."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.grammar.conftest import write_grammar
from voicebot.grammar.linker import Linked, SourceFile
from voicebot.grammar.lint.findings import Finding
from voicebot.grammar.store import link_source

Link = Callable[..., Linked]


def brief(findings: Iterable[Finding]) -> list[str]:
    """'line:column severity: problem' of each."""
    return [
        f"{finding.error.line}:{finding.error.column} {finding.severity.value}: "
        f"{finding.error.problem}"
        for finding in findings
    ]


@pytest.fixture
def link_rules(tmp_path: Path) -> Link:
    """Link rules; they begin in line 3. Options as of `write_grammar`."""

    def link(rules: str, **header: str) -> Linked:
        text = write_grammar(rules, **header)
        return link_source(SourceFile(str(tmp_path / "test.gram"), text.encode()), tmp_path)

    return link
