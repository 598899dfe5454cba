"""The SIP door: the only package that knows aiosipua and aiortp.

From the network inwards: `wire` (sockets; `framing` cuts the TCP stream) - `messages` (what is well
formed) - `transactions` (what is repeated) - `server` (whose message it is) - `leg` (one call; with
`dialog`, `identity`, `referral`) - `exchange` and `offer_answer` (what audio was agreed) - `pump`
and `rtp` (the audio itself; with `frame_grid` and `keys`). `door` is what all calls share,
`counters` what /metrics shows.
"""

from voicebot.telephony.sip.counters import SipSnapshot
from voicebot.telephony.sip.server import SipServer
from voicebot.telephony.sip.timers import Timers

__all__ = ["SipServer", "SipSnapshot", "Timers"]
