"""Every error that voicebot raises on purpose.

One root, so that a caller of any room can catch them all::

    VoicebotError
    ├── UsageError            a command or a call of the API used wrongly (exit 2)
    │   └── ConfigError       a setting that is unknown or has a bad value (exit 2)
    ├── SourceError           something wrong in a designer's file: file:line:column
    │   ├── GrammarError
    │   └── FlowError
    ├── AudioError            audio that cannot be read or used
    ├── ModelError            a speech model that is missing, altered or unusable
    ├── SpeechError           recognition or synthesis failed
    │   ├── WorkerLost        the worker process died while at it
    │   └── WorkersBusy       the bounded queue of the workers is full
    ├── CallError             a call could not go on
    │   ├── NoCommonCodec
    │   ├── CallRefused       a caller's page is not given what it asks for
    │   ├── DialFailed        a call of ours was not answered
    │   ├── DialRefused       a call of ours was not even tried: no line for it
    │   └── TransferFailed
    ├── TextRefused           a message or a link of a text conversation is not taken
    ├── TextUnavailable       no conversation in text can be had now
    ├── ActionError           a self-service action failed
    ├── ReplayRefused         calls cannot be taken through today's files, or not now
    ├── RoutingError          an event that the distribution of contacts cannot take as things stand
    ├── StaffError            a user, password or token that cannot be had
    │   └── StaffBusy         too many sign in at once
    └── StorageError          a record could not be read or written

The sentence that a person reads is made in ``__str__`` from the attributes; third-party
exceptions are translated into these at the edge of the room that uses the third party.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.action_result import ActionResult


class VoicebotError(Exception):
    """Root of every error that voicebot raises on purpose.

    Errors cross process borders (`speech.workers`), so they pickle whole, however they were built.
    """

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class UsageError(VoicebotError):
    """A command or an interface was used wrongly; the message says how to use it."""


@dataclass(eq=False)
class ConfigError(UsageError):
    """A setting is unknown or has a bad value.

    ``where`` names the file and key, or the environment variable; ``remedy`` says how to mend it.
    """

    where: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return _sentence(f"{self.where}: {self.problem}", self.remedy)


@dataclass(eq=False)
class SourceError(VoicebotError):
    """Something wrong in a file that a designer wrote.

    Lines and columns count from 1, columns in characters. Zero means 'the file as a whole'.
    """

    file: str
    line: int
    column: int
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return _sentence(f"{where}: {self.problem}", self.remedy)


class GrammarError(SourceError):
    """A grammar that cannot be read, compiled or evaluated."""


class FlowError(SourceError):
    """A flow file that cannot be read, or a flow that cannot work."""


@dataclass(eq=False)
class AudioError(VoicebotError):
    """Audio that cannot be read or used; ``source`` is a file name or a description."""

    source: str
    problem: str

    def __str__(self) -> str:
        return f"{self.source}: {self.problem}"


@dataclass(eq=False)
class ModelError(VoicebotError):
    """A speech model is missing, altered or unusable; ``remedy`` names the way out."""

    model: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return _sentence(f"{self.model}: {self.problem}", self.remedy)


class SpeechError(VoicebotError):
    """Recognition or synthesis failed."""


class WorkerLost(SpeechError):
    """The worker process died during the job; a new one is being started."""


class WorkersBusy(SpeechError):
    """The workers' bounded queue is full; the job was not taken."""


class CallError(VoicebotError):
    """A call could not go on."""


class NoCommonCodec(CallError):
    """The offer holds no codec that voicebot speaks (SIP 488)."""


@dataclass(eq=False)
class CallRefused(CallError):
    """A caller's page is not given what it asks for; ``reason`` may be shown to the caller.

    ``code`` is for programs: 'token', 'origin', 'gone', 'size', 'offer', 'rate', 'busy',
    'unavailable'.
    """

    code: str
    reason: str
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class DialFailed(CallError):
    """A call of ours was not answered.

    ``outcome`` is 'busy', 'no answer', 'declined', 'unreachable' or 'failed'; ``status`` is the SIP
    status, 0 where there was none.
    """

    target: str
    outcome: str
    status: int = 0

    def __str__(self) -> str:
        status = f" ({self.status})" if self.status else ""
        return f"call to {self.target}: {self.outcome}{status}"


class DialRefused(CallError):
    """A call of ours was not even tried: there is no line for it."""


@dataclass(eq=False)
class TransferFailed(CallError):
    """The transfer's target refused or did not answer; the caller is still on the line.

    ``status`` is the SIP status of the refusal, 0 where there was no answer.
    """

    target: str
    status: int
    reason: str

    def __str__(self) -> str:
        status = f"{self.status} " if self.status else ""
        return f"transfer to {self.target} failed: {status}{self.reason}"


@dataclass(eq=False)
class TextRefused(VoicebotError):
    """What somebody asks of a conversation in text is refused; the conversation is as before.

    ``code`` is for programs (`voicebot.web.api.chat` has a status for each), ``reason`` for people;
    neither holds what was written or a link's secret. ``retry_after_s`` as in `CallRefused`.
    """

    code: str
    reason: str
    retry_after_s: int | None = None

    def __str__(self) -> str:
        return self.reason


class TextUnavailable(VoicebotError):
    """No conversation in text can be had now: switched off, full, or its records are away."""


@dataclass(eq=False)
class ActionError(VoicebotError):
    """A self-service action failed; ``problem`` never holds a caller's data."""

    action: str
    problem: str
    result: ActionResult = ActionResult.FAILED

    def __str__(self) -> str:
        return f"action {self.action}: {self.problem}"


@dataclass(eq=False)
class ReplayRefused(VoicebotError):
    """Calls cannot be taken through today's files, or not now (``busy``)."""

    problem: str
    busy: bool = False

    def __str__(self) -> str:
        return self.problem


class RoutingError(VoicebotError):
    """An event that the distribution of contacts cannot take as things stand; nothing changed."""


class StaffError(VoicebotError):
    """A user, a password or a token of staff that cannot be had as asked; nothing changed."""


class StaffBusy(StaffError):
    """Too many sign in at once."""


class StorageError(VoicebotError):
    """A record could not be read or written."""


def _rebuild(
    kind: type[VoicebotError], args: tuple[object, ...], state: dict[str, object]
) -> VoicebotError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


def _sentence(statement: str, remedy: str) -> str:
    return f"{statement}. {remedy}" if remedy else statement
