"""From a server's name to a hop, and from a dialog to the hop of its next request."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address

from voicebot.errors import DialFailed
from voicebot.telephony.sip.dialog import Dialog
from voicebot.telephony.sip.door import resolve
from voicebot.telephony.sip.providers import Server, server_of
from voicebot.telephony.sip.wire import Hop, Wire


class Paths:
    """Finds hops on ``wire``."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def to(self, server: Server) -> Hop:
        """The hop to ``server``. Raises CallError where there is no such host or no connection."""
        address = (await resolve(server.host), server.port)
        return await self._wire.reach(address, server.transport)

    def within(self, dialog: Dialog, hop: Hop) -> Hop:
        """The hop for requests in ``dialog``, whose INVITE went to ``hop``.

        The next address of the dialog where it is a plain one over UDP; a name would have to be
        looked up, and a private address that a public server names is behind its NAT.
        """
        try:
            server = server_of(dialog.next_uri)
            address = IPv4Address(server.host)
            sent_to = IPv4Address(hop.peer[0])
        except (DialFailed, AddressValueError):
            return hop
        hidden = address.is_private and not sent_to.is_private
        if hop.transport != "UDP" or server.transport != "UDP" or hidden:
            return hop
        return self._wire.udp((server.host, server.port))
