"""Calls from browsers over WebRTC, by aiortc.

`door` takes offers and gives tokens, `leg` is a call, `connection` one of its peer connections,
`pump` and `playout` its sound, `messages` what goes over the data channel, `offer` and `sockets`
the descriptions and the ports. aiortc, aioice and PyAV appear nowhere else.
"""

from voicebot.telephony.webrtc.counters import WebRtcSnapshot
from voicebot.telephony.webrtc.door import WebRtcDoor
from voicebot.telephony.webrtc.house import IceServers

__all__ = ["IceServers", "WebRtcDoor", "WebRtcSnapshot"]
