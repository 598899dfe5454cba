"""voicebot: a real-time speech IVR and voice-bot server."""

__version__ = "0.1.0"
