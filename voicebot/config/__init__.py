"""Typed settings: ``voicebot.toml`` and ``VOICEBOT_*`` environment variables.

The environment wins over the file, the file over the defaults. A key is written in the environment
with two underscores between section and name: ``VOICEBOT_SIP__PORT=5070``. An unknown key or a bad
value raises ConfigError with the place, the problem and the nearest known name.

`section` is what all sections share, `sections` and a file for each door hold the keys, `settings`
joins them, `loading` reads them and finds words for what is wrong.
"""

from voicebot.config.loading import load_settings
from voicebot.config.sections import LanguageEngines, RecognizerName, SynthesizerName
from voicebot.config.settings import Settings

__all__ = ["LanguageEngines", "RecognizerName", "Settings", "SynthesizerName", "load_settings"]
