"""Whether a call may come in, and the record of one that may not."""

from __future__ import annotations

from collections.abc import Callable

from voicebot.config.sections import CallSettings
from voicebot.live.edition import Editions
from voicebot.sessions.account import CallAccount
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.records import Journal
from voicebot.sessions.registry import CallRegistry, Refusal
from voicebot.telephony._api import Admission, LegInfo
from voicebot.types import Outcome


class Admissions:
    """Asks the registry for every call that the doors bring."""

    def __init__(
        self,
        settings: CallSettings,
        registry: CallRegistry,
        editions: Editions,
        journal: Journal,
        publish: Callable[[LiveEvent], None],
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._editions = editions
        self._journal = journal
        self._publish = publish

    def admit(self, info: LegInfo) -> Admission:
        """For `Reception`."""
        refusal = self._registry.admit(info.call_id)
        if refusal is None:
            return Admission(True)
        status = 486 if refusal is Refusal.FULL else 503
        return Admission(False, status, self._settings.retry_after_s)

    def refused(self, info: LegInfo, status: int) -> None:
        """Write a call down that got ``status`` (a SIP code) for an answer."""
        account = CallAccount(info, self._journal, self._publish)
        application = self._editions.current.application
        account.started(self._settings.flow, application.language, application.version)
        unavailable = Refusal.DRAINING if self._registry.draining else Refusal.BEHIND
        reason = {486: Refusal.FULL, 488: "no common codec", 503: unavailable}
        account.ended(Outcome.REFUSED, str(reason.get(status, f"refused with {status}")))
        self._registry.ended(info.call_id, Outcome.REFUSED)
