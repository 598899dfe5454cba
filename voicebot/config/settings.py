"""All settings together."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from voicebot.config.agents import AgentSettings, QueueSettings
from voicebot.config.alerts import AlertSettings
from voicebot.config.audiosocket import AudioSocketSettings
from voicebot.config.bridge import BridgeSettings
from voicebot.config.call_me import CallMeSettings
from voicebot.config.callers import CallerSettings
from voicebot.config.desk import DeskSettings
from voicebot.config.event_hooks import EventHookSettings
from voicebot.config.guard import GuardSettings
from voicebot.config.ledger import CostSettings, LedgerSettings
from voicebot.config.mediastream import MediaStreamSettings
from voicebot.config.offers import OfferSettings
from voicebot.config.outbound import OutboundSettings
from voicebot.config.recording import RecordingSettings
from voicebot.config.reload import ReloadSettings
from voicebot.config.retention import RetentionSettings
from voicebot.config.section import Section
from voicebot.config.sections import (
    CallSettings,
    LogSettings,
    ServerSettings,
    SpeechSettings,
    StorageSettings,
    TurnSettings,
)
from voicebot.config.sip import SipSettings
from voicebot.config.staff import StaffSettings
from voicebot.config.text import TextSettings
from voicebot.config.texting import TextingSettings, WebhookSettings
from voicebot.config.wall import WallSettings
from voicebot.config.webrtc import WebRtcSettings


def _sip_uri(uri: str) -> str:
    if not uri.startswith(("sip:", "sips:")):
        raise ValueError("should be a SIP URI such as sip:agents@pbx.example.com")
    return uri


class Settings(Section):
    """All settings, each section with its defaults."""

    server: ServerSettings = ServerSettings()
    sip: SipSettings = SipSettings()
    guard: GuardSettings = GuardSettings()
    audiosocket: AudioSocketSettings = AudioSocketSettings()
    mediastream: MediaStreamSettings = MediaStreamSettings()
    webrtc: WebRtcSettings = WebRtcSettings()
    calls: CallSettings = CallSettings()
    outbound: OutboundSettings = OutboundSettings()
    call_me: CallMeSettings = CallMeSettings()
    speech: SpeechSettings = SpeechSettings()
    turns: TurnSettings = TurnSettings()
    storage: StorageSettings = StorageSettings()
    log: LogSettings = LogSettings()
    callers: CallerSettings = CallerSettings()
    ledger: LedgerSettings = LedgerSettings()
    costs: CostSettings = CostSettings()
    bridge: BridgeSettings = BridgeSettings()
    recording: RecordingSettings = RecordingSettings()
    retention: RetentionSettings = RetentionSettings()
    reload: ReloadSettings = ReloadSettings()
    text: TextSettings = TextSettings()
    offers: OfferSettings = OfferSettings()
    texting: TextingSettings = TextingSettings()
    webhook: WebhookSettings = WebhookSettings()
    staff: StaffSettings = StaffSettings()
    wall: WallSettings = WallSettings()
    alerts: AlertSettings = AlertSettings()
    queues: QueueSettings = QueueSettings()
    desk: DeskSettings = DeskSettings()
    agents: dict[str, AgentSettings] = Field(
        default_factory=dict,
        description="agents, in the browser or at SIP telephones",
    )
    event_hooks: dict[str, EventHookSettings] = Field(
        default_factory=dict, description="webhooks that are told of calls"
    )
    databases: dict[str, str] = Field(
        default_factory=dict, description="database URLs that SQL actions may name"
    )
    transfers: dict[str, Annotated[str, AfterValidator(_sip_uri)]] = Field(
        default_factory=dict, description="SIP URIs of the names that flows transfer to"
    )

    @property
    def call_rates(self) -> tuple[int, ...]:
        """The sample rates that calls may have, in Hz, the widest first: what prompts are rendered
        at, narrow ones from wide ones."""
        wide_phones = self.sip.enabled and bool({"opus", "G722"}.intersection(self.sip.codecs))
        return (16_000, 8000) if self.webrtc.enabled or wide_phones else (8000,)

    @property
    def database_url(self) -> str:
        """The URL of voicebot's own database, SQLAlchemy's async form."""
        if self.storage.url:
            return self.storage.url
        return f"sqlite+aiosqlite:///{(self.server.data / 'voicebot.db').absolute()}"
