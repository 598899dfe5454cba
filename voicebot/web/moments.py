"""Times in queries: UTC where no zone is given, and never so far off that no calendar has them once
they are counted in another zone or a week is taken away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9000


def _of_calendar(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"should be a time of the years {FIRST_YEAR} to {LAST_YEAR}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment: TypeAlias = Annotated[datetime, AfterValidator(_of_calendar)]
"""A time of a query, with its zone."""
