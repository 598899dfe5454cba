"""How far apart pronunciations are."""

from __future__ import annotations

import pytest

from voicebot.grammar.lint.sounds import distance, phonemes, skeleton


def apart(first: str, second: str) -> float:
    return distance(phonemes(first), phonemes(second), most=10.0)


def test_pronunciations_become_sounds() -> None:
    assert phonemes("f_ˈɔːɹ_t_i tʃ_ˈaɪ_n_ə") == ("f", "ɔ", "ɹ", "t", "i", "tʃ", "aɪ", "n", "ə")
    assert phonemes("") == ()


def test_the_same_sound_the_same() -> None:
    assert apart("n_ˈoʊ", "n_oʊ") == 0


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (("b_iː", "d_iː"), ("b_iː", "ɛ_s")),
        (("p_iː", "b_iː"), ("p_iː", "m_iː")),
        (("f_aɪ_n", "s_aɪ_n"), ("f_aɪ_n", "l_aɪ_n")),
        (("f_ɪ_f_t_i", "f_ɪ_f_t_iː_n"), ("f_ɪ_f_t_i", "t_ɛ_n")),
        (("s_ɪ_t", "s_ɛ_t"), ("s_ɪ_t", "s_ɑ_t")),
        (("b_aɪ", "b_eɪ"), ("b_aɪ", "b_uː")),
        (("ə_l_oʊ", "l_oʊ"), ("k_l_oʊ", "l_oʊ")),
    ],
)
def test_nearer_sounds_cost_less(nearer: tuple[str, str], farther: tuple[str, str]) -> None:
    assert 0 < apart(*nearer) < apart(*farther)
    assert apart(*nearer) == apart(*reversed(nearer))


def test_distance_stops_at_what_is_asked() -> None:
    assert distance(phonemes("s_ɪ_t"), phonemes("l_oʊ_n"), most=0.5) == float("inf")
    assert distance(phonemes("@_1"), phonemes("@_1"), most=0.0) == 0


def test_skeleton_forgets_place_and_voice() -> None:
    assert skeleton(phonemes("b_ɪ_ɡ")) == skeleton(phonemes("p_ɛ_t")) != skeleton(phonemes("m_ɪ_l"))
