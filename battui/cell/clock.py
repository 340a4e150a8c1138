"""Dates and times for learned code: one instant for a whole activation, asked of the kernel.

So a trial can be repeated at the instant at which it was recorded. The instant is the service `now`: POSIX seconds
in UTC. Without a time zone given, `now` and `today` mean UTC, because a cell cannot read the machine's zone.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

Now = Callable[[], float]


def dated_types(now: Now) -> dict[str, type]:
    """`date` and `datetime` whose `today`, `now` and `utcnow` ask `now`; they equal and compare as the originals."""
    return {"date": _date_type(now), "datetime": _datetime_type(now)}


class _InstanceOf(type):
    """Lets `isinstance` take the original's values, which arithmetic and parsing may return."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.__mro__[1])


def _date_type(now: Now) -> type:
    class date(datetime.date, metaclass=_InstanceOf):  # noqa: N801
        @classmethod
        def today(cls) -> Any:
            moment = datetime.datetime.fromtimestamp(now(), datetime.UTC)
            return cls(moment.year, moment.month, moment.day)

    return _named_as(date, datetime.date)


def _datetime_type(now: Now) -> type:
    class moment(datetime.datetime, metaclass=_InstanceOf):  # noqa: N801
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            aware = cls.fromtimestamp(now(), datetime.UTC)
            return aware.replace(tzinfo=None) if tz is None else aware.astimezone(tz)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now()

    return _named_as(moment, datetime.datetime)


def _named_as(offered: type, original: type) -> type:
    offered.__name__ = offered.__qualname__ = original.__name__
    offered.__module__ = original.__module__
    return offered
