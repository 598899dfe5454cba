"""Sets logging up, once per process, and keeps what callers say out of it.

One way out: voicebot's own events (structlog) and the libraries' (stdlib logging, warnings) end in
the same handler on standard error, as lines for people or as JSON objects.

Whatever a caller says, keys or is called by is logged in *tagged* fields only, and those are masked
here: `TAGGED` by name, wherever they stand, inside mappings, sequences and dataclasses too. Event
names and other fields are ours and hold no such thing. Libraries know nothing of tags: in their
texts, the user part of SIP and telephone URIs and long runs of digits are masked. What an exception
says is written as it is, without local variables; exceptions of ours hold no caller's data.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal, TextIO

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from voicebot.personal_numbers import masked

TAGGED = frozenset(
    {
        "arguments",
        "callee",
        "caller",
        "digits",
        "free_text",
        "heard",
        "keys",
        "nbest",
        "number",
        "prompt",
        "semantics",
        "text",
        "words",
    }
)
"""Names of fields that may hold a caller's words, keys or number."""

MASK = "[redacted]"

_SENTENCES: Final = frozenset({"error", "event", "exception", "problem"})
"""Fields that say something in words, from which card numbers are taken out."""

_OF_SECRETS: Final = (_SENTENCES - {"event"}) | TAGGED
_is_discreet: Final = ContextVar("is_discreet", default=False)


@contextmanager
def discretion(wanted: bool = True) -> Iterator[None]:
    """While something is done with a secret, and in tasks begun meanwhile, nothing that could hold
    it is logged: no tagged fields, whatever the settings say, and no words for what went wrong."""
    before = _is_discreet.set(wanted or _is_discreet.get())
    try:
        yield
    finally:
        _is_discreet.reset(before)


# They write a line for each bad packet or request: strangers would fill the log. We count those.
_AT_STRANGERS_WILL = ("aiortp", "aiosipua", "uvicorn.error")

# They write SQL parameters, URLs or whole messages at their lower levels.
_TALKATIVE = ("aiosqlite", "alembic", "asyncio", "httpcore", "httpx", "sqlalchemy", "uvicorn")

_URI_USER = re.compile(r"(?i)\b((?:sips?|tel):)[^@\s<>;]+")
_LONG_NUMBER = re.compile(r"\+?\d(?:[ ()-]{0,2}\d){5,}")


def configure_logging(
    level: Literal["debug", "info", "warning", "error"] = "info",
    format: Literal["auto", "console", "json"] = "auto",
    *,
    redact: bool = True,
    stream: TextIO | None = None,
) -> None:
    """Send every log line from ``level`` up to ``stream`` (standard error).

    ``format`` auto means console lines on a terminal and JSON elsewhere. With ``redact`` off the
    tagged fields are written as they are: for a developer's own calls only. May be called again.
    """
    stream = sys.stderr if stream is None else stream
    on_terminal = stream.isatty()
    as_json = format == "json" or (format == "auto" and not on_terminal)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            # Here, where the line is made: it may be written in another thread.
            mask_secrets,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Loggers at module level must hear of a second call of this function.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), *_if(redact, mask_foreign)],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_if(redact, mask_tagged),
                *_renderers(as_json, colors=on_terminal),
            ],
        )
    )
    handler.set_name(__name__)
    root = logging.getLogger()
    # Only our own earlier handler goes: others (a test's, a debugger's) are their owners'.
    root.handlers[:] = [kept for kept in root.handlers if kept.get_name() != __name__] + [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _AT_STRANGERS_WILL:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))
    logging.captureWarnings(True)


def handler() -> logging.StreamHandler[TextIO] | None:
    """The handler that `configure_logging` made last; None before that."""
    for each in logging.getLogger().handlers:
        if each.get_name() == __name__ and isinstance(each, logging.StreamHandler):
            return each
    return None


def mask_tagged(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Mask the tagged fields of one line, however deep they stand."""
    return {name: _masked(name, value) for name, value in fields.items()}


def mask_secrets(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Mask what may hold the secret that something is being done with (`discretion`)."""
    if not _is_discreet.get():
        return fields
    fields.pop("exc_info", None)
    return {
        name: MASK if name in _OF_SECRETS and value else value for name, value in fields.items()
    }


def mask_foreign(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    """Mask what looks like a caller in the text that a library wrote."""
    text = _URI_USER.sub(rf"\1{MASK}", str(fields["event"]))
    fields["event"] = _LONG_NUMBER.sub(MASK, text)
    return fields


def _masked(name: str, value: object) -> object:
    if name in TAGGED:
        # That there was nothing is worth knowing, and gives nothing away.
        return value if value is None or value == "" else MASK
    if name in _SENTENCES and isinstance(value, str):
        return masked(value)
    if isinstance(value, str | int | float | bool | None):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {
            field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {key: _masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", inner) for inner in value]
    return value


def _renderers(as_json: bool, *, colors: bool) -> list[Processor]:
    if as_json:
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=_as_text, ensure_ascii=False),
        ]
    # Plain tracebacks: the pretty ones show local variables, and with them what callers said.
    return [
        structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=structlog.dev.plain_traceback
        )
    ]


def _if(wanted: bool, processor: Processor) -> list[Processor]:
    return [processor] if wanted else []


def _as_text(value: Any) -> str:
    return str(value)
