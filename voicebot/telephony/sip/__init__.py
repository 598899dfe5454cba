"""The SIP door: the only package that knows aiosipua and aiortp.

From the network inwards: `wire` (sockets; `framing` cuts the TCP stream) - `messages` (what is well
formed, by the rules of `syntax`) - `transactions` and `client_invite` (what is repeated; `timers`)
- `server` (whose message it is; `screening`, `access` and `digest` say what we do, and for whom) -
`leg` (one call; `leg_core` is what any has, `incoming_leg` and `outgoing_leg` how it begins; with
`dialog`, `in_dialog`, `identity`, `referral`, `sessions` and `session_timer`, `info_keys`) -
`exchange` and `offer_answer` (what audio was agreed) - `pump` and `rtp` (the audio itself; with
`media_source` and `keys`). Our own calls: `dialer`, `call_setup`, `providers`, `paths`,
`registration`. `door` is what all calls share, `counters` what /metrics shows.
"""

from voicebot.telephony.sip.access import Access
from voicebot.telephony.sip.counters import SipSnapshot
from voicebot.telephony.sip.digest import Credentials
from voicebot.telephony.sip.policy import MediaPolicy
from voicebot.telephony.sip.providers import Provider, server_of
from voicebot.telephony.sip.registration import RegistrationState
from voicebot.telephony.sip.server import SipServer
from voicebot.telephony.sip.session_timer import SessionPolicy
from voicebot.telephony.sip.timers import Timers

__all__ = [
    "Access",
    "Credentials",
    "MediaPolicy",
    "Provider",
    "RegistrationState",
    "SessionPolicy",
    "SipServer",
    "SipSnapshot",
    "Timers",
    "server_of",
]
