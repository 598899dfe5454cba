"""The tables are checked against ITU-T G.711's own (tables 1a and 2a), built here another way."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.media import g711
from voicebot.types import Samples

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_CODE = bytes(range(256))
LAWS: tuple[g711.Law, ...] = ("PCMU", "PCMA")


def a_law_outputs() -> list[int]:
    """The 128 positive outputs of table 1a, from the smallest: 13-bit units."""
    return [2 * i + 1 for i in range(32)] + [
        ((33 + 2 * step) << segment) for segment in range(1, 7) for step in range(16)
    ]


def sine(dbfs: float) -> Samples:
    wave = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    return np.rint(wave * 32767 * 10 ** (dbfs / 20)).astype(np.int16)


def test_mu_law_decodes_to_the_standards_outputs() -> None:
    positive = g711.decode(bytes(range(0xFF, 0x7F, -1)), "PCMU").tolist()
    negative = g711.decode(bytes(range(0x7F, -1, -1)), "PCMU").tolist()
    edges = [0, 2, 4, 30, 33, 37, 93, 99, 107, 219, 231, 8031]
    outputs = [value // 4 for value in positive]
    assert [outputs[i] for i in (0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 127)] == edges
    assert outputs == sorted(set(outputs))
    assert negative == [-value for value in positive]


def test_a_law_decodes_to_the_standards_outputs() -> None:
    positive = g711.decode(bytes(code ^ 0x55 for code in range(0x80, 0x100)), "PCMA").tolist()
    negative = g711.decode(bytes(code ^ 0x55 for code in range(0x80)), "PCMA").tolist()
    assert positive == [8 * value for value in a_law_outputs()]
    assert negative == [-value for value in positive]


@pytest.mark.parametrize("law", LAWS)
def test_every_sample_is_encoded_to_an_output_beside_it(law: g711.Law) -> None:
    """Within half a step of its segment; the steps of neighbours differ at a segment's edge."""
    decoded = g711.decode(g711.encode(EVERY_SAMPLE, law), law).astype(int)
    assert (np.diff(decoded) >= 0).all()
    outputs = np.unique(g711.decode(EVERY_CODE, law).astype(int))
    steps = np.diff(outputs)
    widest = dict(
        zip(outputs.tolist(), np.maximum(np.r_[steps, 0], np.r_[0, steps]).tolist(), strict=True)
    )
    error = np.abs(decoded - EVERY_SAMPLE)
    inside = (outputs[0] <= EVERY_SAMPLE) & (outputs[-1] >= EVERY_SAMPLE)
    bound = np.array([widest[value] for value in decoded.tolist()]) / 2
    grid = 4 if law == "PCMU" else 8
    assert (error[inside] <= bound[inside] + grid).all()


@pytest.mark.parametrize("law", LAWS)
def test_decoded_codes_encode_to_themselves(law: g711.Law) -> None:
    again = g711.encode(g711.decode(EVERY_CODE, law), law)
    expected = bytearray(EVERY_CODE)
    if law == "PCMU":
        expected[0x7F] = 0xFF  # negative zero has no sample of its own
    assert again == bytes(expected)


@pytest.mark.parametrize(
    ("law", "code", "sample"),
    [
        ("PCMU", 0xFF, 0),
        ("PCMU", 0x80, 32124),
        ("PCMU", 0x00, -32124),
        ("PCMA", 0xD5, 8),
        ("PCMA", 0xAA, 32256),
        ("PCMA", 0x2A, -32256),
    ],
)
def test_known_codes(law: g711.Law, code: int, sample: int) -> None:
    assert g711.decode(bytes([code]), law).tolist() == [sample]
    assert g711.encode(np.array([sample], np.int16), law) == bytes([code])


@pytest.mark.parametrize("law", LAWS)
def test_full_scale_does_not_wrap(law: g711.Law) -> None:
    low, high = g711.pass_through(np.array([-32768, 32767], np.int16), law).tolist()
    assert low < -32000
    assert high > 32000


@pytest.mark.parametrize("law", LAWS)
def test_the_silence_octet_is_all_but_silent(law: g711.Law) -> None:
    assert abs(int(g711.decode(g711.SILENCE[law], law)[0])) <= 8


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("dbfs", [-3.0, -10.0, -20.0, -30.0])
def test_speech_levels_keep_33_db_over_quantising_noise(law: g711.Law, dbfs: float) -> None:
    """G.712 asks for 33 dB with a sine from 0 to -30 dBm0."""
    wave = sine(dbfs)
    noise = g711.pass_through(wave, law).astype(float) - wave
    assert 10 * np.log10(np.mean(wave.astype(float) ** 2) / np.mean(noise**2)) >= 33


@pytest.mark.parametrize("law", LAWS)
def test_passing_through_is_encoding_and_decoding(law: g711.Law) -> None:
    expected = g711.decode(g711.encode(EVERY_SAMPLE, law), law)
    assert np.array_equal(g711.pass_through(EVERY_SAMPLE, law), expected)


def test_a_slice_with_gaps_is_encoded_too() -> None:
    assert g711.encode(EVERY_SAMPLE[::2]) == g711.encode(EVERY_SAMPLE)[::2]
