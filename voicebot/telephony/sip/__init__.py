"""The SIP door: the only package that knows aiosipua and aiortp.

From the network inwards: `wire` (sockets; `framing` cuts the TCP stream) - `messages` (what is well
formed) - `transactions` (what is repeated) - `server` (whose message it is) - `leg` (one call; with
`dialog`, `identity`, `referral`) - `exchange` and `offer_answer` (what audio was agreed; with
`codecs`) - `pump` and `rtp` (the audio itself; with `playout`, `delay` and `keys`). `door` is what
all calls share, `counters` what /metrics shows.
"""

from voicebot.telephony.sip.counters import SipSnapshot
from voicebot.telephony.sip.policy import MediaPolicy
from voicebot.telephony.sip.server import SipServer
from voicebot.telephony.sip.transactions import Timers

__all__ = ["MediaPolicy", "SipServer", "SipSnapshot", "Timers"]
