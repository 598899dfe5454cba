"""Contacts as comma-separated values: whole, and harmless to spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from voicebot.analytics.contacts import LedgerContact, csv_lines
from voicebot.types import CallId, Outcome

CONTACT = LedgerContact(
    id=CallId("c1"),
    started_at=1_795_255_200.25,
    answered_at=None,
    ended_at=1_795_255_260.0,
    direction="inbound",
    door="sip",
    caller="alice",
    callee="shop",
    flow="main",
    language="en-US",
    version="",
    intent='the "return", of course',
    customer="17",
    outcome=Outcome.SELF_SERVED,
    reason="goodbye",
    queue="",
    agent="",
    waited_s=None,
    handled_s=12.5,
    wrapped_s=None,
    called_back=False,
    result="",
    repeat=False,
    resolved=None,
)


async def _read(*contacts: LedgerContact) -> list[dict[str, str]]:
    async def pages() -> AsyncIterator[Sequence[LedgerContact]]:
        for each in contacts:
            yield [each]

    text = "".join([lines async for lines in csv_lines(pages())])
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_a_contact_is_read_back_as_it_was() -> None:
    (row,) = await _read(CONTACT)
    assert row["started_at"] == "2026-11-21T10:00:00.250+00:00"
    assert row["intent"] == 'the "return", of course'
    assert row["handled_s"] == "12.500"
    assert (row["outcome"], row["repeat"], row["resolved"]) == ("self_served", "no", "")
    assert row["answered_at"] == row["waited_s"] == ""


@pytest.mark.parametrize(
    "text", ["=1+1", "+15550100", "-2", "@SUM(A1)", "\tx", "\r=x", "  =cmd|' /C calc'!A0", "＝1"]
)
async def test_no_cell_is_a_formula(text: str) -> None:
    rows = await _read(replace(CONTACT, caller=text, intent=text, customer=text, reason=text))
    for name in ("caller", "intent", "customer", "reason"):
        assert rows[0][name] == f"'{text}"


async def test_what_looks_like_no_formula_stays_as_it_is() -> None:
    (row,) = await _read(replace(CONTACT, caller="a=b, c-d"))
    assert row["caller"] == "a=b, c-d"
