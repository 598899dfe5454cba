"""A SIP caller: places calls, speaks, presses keys, holds, hangs up, and notes what it hears.

It serves ``voicebot call``, the tests and the benchmarks; the server does not use it.
"""

from voicebot.telephony.sip_client.call import ClientCall
from voicebot.telephony.sip_client.client import SipClient
from voicebot.telephony.sip_client.rtp_line import Playback, Spurt
from voicebot.telephony.sip_client.signalling import CallRefused

__all__ = ["CallRefused", "ClientCall", "Playback", "SipClient", "Spurt"]
