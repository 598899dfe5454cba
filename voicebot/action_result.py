"""How a run of an action ended: what actions, records and pages call it."""

from __future__ import annotations

from enum import StrEnum


class ActionResult(StrEnum):
    """How a run of an action ended.

    ``done``         it gave its result
    ``refused``      the service works, it just would not do this
    ``failed``       it gave nothing: an error, no answer
    ``timed_out``    it gave nothing in its time
    ``not_tried``    it was not begun, as it failed too often just now (the breaker is open)
    ``given_up``     the caller hung up meanwhile
    """

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    NOT_TRIED = "not_tried"
    GIVEN_UP = "given_up"
