"""The AudioSocket door: Asterisk's calls over TCP.

From the network inwards: `connection` (the stream) - `protocol` (messages) - `server` (who is let
in) - `leg` (one call). `book` is where the dialplan announces calls and asks what came of them,
`desk` what the HTTP side sees of it.
"""

from voicebot.telephony.audiosocket.book import AlreadyRunning, BookFull, CallBook, Fate
from voicebot.telephony.audiosocket.desk import Desk
from voicebot.telephony.audiosocket.server import AudioSocketServer

__all__ = ["AlreadyRunning", "AudioSocketServer", "BookFull", "CallBook", "Desk", "Fate"]
