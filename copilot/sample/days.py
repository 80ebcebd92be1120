"""The sample's language of days: everything is counted from the day of loading.

A day is `today`, `month` (the first of this month) or a name from accounts.toml, moved by days or
months: `today-9d`, `month-1m+19d`. Letters hold such days in braces, with a format if need be.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = re.compile(r"([a-z_]+)((?:[+-]\d+[dm])*)")
_IN_BRACES = re.compile(r"\{([a-z_]+(?:[+-]\d+[dm])*)(?::([a-z]+))?\}")
_SPAN = re.compile(r"(\d+)([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True, slots=True)
class Days:
    now: datetime
    zone: ZoneInfo
    names: Mapping[str, str] = field(default_factory=dict)

    def day(self, text: str) -> date:
        found = _DAY.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a day of the sample.")
        day = self._base(found[1])
        for sign, count, unit in re.findall(r"([+-])(\d+)([dm])", found[2]):
            move = int(f"{sign}{count}")
            day = day + timedelta(days=move) if unit == "d" else _month_away(day, move)
        return day

    def moment(self, text: str) -> datetime:
        """`today-3d 09:15` or, shorter, `3d 09:15`; without a time of day `2h40m` before now."""
        if " " not in text:
            return self.now - span(text)
        day, clock = text.split(" ")
        if day[0].isdigit():
            day = f"today-{day}"
        at = datetime.combine(self.day(day), time.fromisoformat(clock), self.zone)
        return self.workday(at) if text[0].isdigit() else at

    def workday(self, at: datetime) -> datetime:
        """The same time on the next day that is no weekend: offices write in the week."""
        weekday = at.astimezone(self.zone).weekday()
        return at + timedelta(days=max(0, 7 - weekday)) if weekday >= 5 else at

    def fill(self, text: str, language: str = "en") -> str:
        """The text with every day in braces written out as a person would write it."""
        return _IN_BRACES.sub(lambda found: _write(self.day(found[1]), found[2], language), text)

    def _base(self, name: str) -> date:
        today = self.now.astimezone(self.zone).date()
        if name == "today":
            return today
        return today.replace(day=1) if name == "month" else self.day(self.names[name])


def span(text: str) -> timedelta:
    """`2d`, `1h10m`."""
    return timedelta(**{_UNITS[unit]: int(count) for count, unit in _SPAN.findall(text)})


def _month_away(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return day.replace(year=count // 12, month=count % 12 + 1)


def _write(day: date, form: str | None, language: str) -> str:
    if form == "iso":
        return day.isoformat()
    if form == "weekday":
        return _WEEKDAYS[day.weekday()]
    month = _MONTHS[language].split()[day.month - 1]
    if form == "monthname":
        return month
    if form == "month":
        return f"{month} {day.year}"
    return f"{day.day}{'.' if language == 'de' else ''} {month} {day.year}"
