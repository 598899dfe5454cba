"""The media-stream door: calls of carriers such as Twilio, over a WebSocket.

From the network inwards: the web side (webhook, signature, WebSocket) - `door` (who is let in) -
`leg` (one call) with `messages` (JSON), `pacing` (what is sent when) and `handovers` (transfers).
"""

from voicebot.telephony.mediastream.door import MediaStreamDoor

__all__ = ["MediaStreamDoor"]
