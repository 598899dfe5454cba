"""YAML files with places."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.document import Map, Scalar, parse_document, read_document, suggest
from voicebot.errors import FlowError


def test_values_keep_their_types_and_dates_stay_text() -> None:
    text = "a: 1\nb: [yes, true, ~, 1.5, 2026-11-24, '7']\n1: {0: x}\n"

    document = parse_document(text, "f.yaml")

    assert document.plain() == {
        "a": 1,
        "b": ["yes", True, None, 1.5, "2026-11-24", "7"],
        "1": {"0": "x"},
    }


def test_every_key_and_value_has_its_place() -> None:
    document = parse_document("steps:\n  hello:\n    say: 'Hi {x}'\n", "f.yaml")
    assert isinstance(document, Map)
    steps = document.entries["steps"]
    assert isinstance(steps, Map)
    hello = steps.entries["hello"]
    assert isinstance(hello, Map)
    say = hello.entries["say"]
    assert isinstance(say, Scalar)

    assert str(steps.key_places["hello"]) == "f.yaml:2:3"
    assert str(say.place) == "f.yaml:3:10"
    assert str(say.place_at(3)) == "f.yaml:3:14"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: 'a' stands twice (first in line 1). Keep one."),
        ("a:\n\t- b\n", "f.yaml:2:1: a tab where YAML wants spaces. Indent with spaces."),
        ("a: hello: there\n", "f.yaml:1:9: mapping values are not allowed here. Put text that"),
        (
            "a\nb: 1\n",
            "f.yaml:2:2: mapping values are not allowed here. Write ': ' after the key in line 1",
        ),
        ("a: b\n c: d\n", "f.yaml:2:3: mapping values are not allowed here. Line this key up with"),
        (
            "a:\n- b\nc\nd: e\n",
            "f.yaml:3:1: could not find expected ':'. Write ': ' after a key, and",
        ),
        ("a: &x 1\n", "f.yaml:1:4: anchor '&x' is not used here"),
        ("a: !!python/object 1\n", "f.yaml:1:4: tag 'python/object' is not used here"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: but found another document"),
        ("a: [1\n", "f.yaml:2:1: expected ',' or ']'"),
        ("{a}: 1\n", "f.yaml:1:1: a key must be plain text"),
        ("a: .inf\n", "f.yaml:1:4: .inf is no number that can be used"),
        ("a: b\x00\n", "f.yaml:1:5: character U+0000 may not stand in YAML"),
        ("[" * 500, "f.yaml: is nested too deeply"),
    ],
)
def test_bad_yaml_names_place_and_remedy(text: str, message: str) -> None:
    with pytest.raises(FlowError) as caught:
        parse_document(text, "f.yaml")

    assert str(caught.value).startswith(message)


def test_file_that_is_not_there_or_not_utf8_is_a_flow_error(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="cannot be read: No such file"):
        read_document(tmp_path / "none.yaml")

    (tmp_path / "latin.yaml").write_bytes(b"a: caf\xe9\n")
    with pytest.raises(FlowError, match="is not UTF-8 at byte 6"):
        read_document(tmp_path / "latin.yaml")


def test_empty_file_is_null() -> None:
    assert parse_document("# nothing\n", "f.yaml").plain() is None


@given(st.text(alphabet=st.sampled_from(list("ab:-[]{}'\"|>&*!%@#,? \n\t1.~\\")), max_size=60))
def test_no_text_raises_anything_but_a_flow_error(text: str) -> None:
    with suppress(FlowError):
        parse_document(text, "f.yaml")


def test_suggestion_prefers_the_near_name_to_the_list() -> None:
    assert suggest("ordr", ["order", "hours"]) == "Did you mean 'order'?"
    assert suggest("zzz", ["order", "hours"]) == "Known here: hours, order."
    assert suggest("zzz", []) == ""
