"""Boxes do not overlap, lines go down by one layer, and few of them cross."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.drawing.layout import Gaps, Layout, Size, place

BOX = Size(100, 40)
GAPS = Gaps(10, 20)
NAMES = st.sampled_from("abcdefghij")


def laid_out(*arrows: str, start: str = "a") -> Layout:
    pairs = [(arrow[0], arrow[1]) for arrow in arrows]
    names = dict.fromkeys([start, *(name for pair in pairs for name in pair)])
    return place(dict.fromkeys(names, BOX), pairs, start, GAPS)


def test_what_follows_stands_below_and_in_the_middle() -> None:
    layout = laid_out("ab", "ac")

    assert layout.places["a"] == (55, 0)
    assert sorted(layout.places[name] for name in "bc") == [(0, 60), (110, 60)]
    assert layout.size == Size(210, 100)


def test_what_leads_back_or_sideways_is_no_line() -> None:
    layout = laid_out("ab", "ac", "ba", "bc", "cc", "cx")

    assert layout.lines == (0, 1, 5)


def test_lines_that_need_not_cross_do_not() -> None:
    layout = laid_out("ab", "ac", "ad", "bg", "cf", "de")
    across = {name: layout.places[name][0] for name in layout.places}

    assert (across["b"] < across["c"] < across["d"]) == (across["g"] < across["f"] < across["e"])


def test_what_the_start_does_not_lead_to_is_there_too() -> None:
    layout = laid_out("ab", "xy")

    assert layout.places["x"][1] == layout.places["b"][1]
    assert layout.places["y"][1] > layout.places["x"][1]


def test_a_start_that_does_not_exist_hides_nothing() -> None:
    assert set(laid_out("ab", "ba", start="z").places) == {"a", "b", "z"}
    assert place({}, [], "a").size == Size(0, 0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefghij"), st.sampled_from("abcdefghij")), max_size=40)
)
def test_boxes_never_overlap(pairs: list[tuple[str, str]]) -> None:
    boxes = {name: Size(60 + 10 * index, 30 + 5 * index) for index, name in enumerate("abcdefghij")}

    layout = place(boxes, pairs, "a", GAPS)

    for one in boxes:
        for other in boxes:
            if one < other:
                (x, y), (x2, y2) = layout.places[one], layout.places[other]
                apart = (
                    x + boxes[one].width <= x2 + 1e-6
                    or x2 + boxes[other].width <= x + 1e-6
                    or y + boxes[one].height <= y2
                    or y2 + boxes[other].height <= y
                )
                assert apart, (one, other)
    for number in layout.lines:
        source, target = pairs[number]
        assert layout.places[target][1] > layout.places[source][1]
