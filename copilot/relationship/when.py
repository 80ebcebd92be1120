"""By when a sentence says that something will be done, in the zone of whoever says it; English."""

import re
from datetime import date, datetime, time, timedelta

END_OF_DAY, NOON, EVENING = time(17), time(12), time(20)

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_NUMBERS = {
    "a": 1,
    "an": 1,
    "the": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "ten": 10,
}
_WITHIN = re.compile(
    rf"\b(?:in|within)(?: the next)? (?P<n>\d{{1,2}}|{'|'.join(_NUMBERS)}) (?P<unit>hour|day|week)s?\b", re.I
)
_DATE = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{'|'.join(_MONTHS)})\b"
    rf"|\b(?P<month2>{'|'.join(_MONTHS)}) (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"|\bthe (?P<day3>\d{1,2})(?:st|nd|rd|th)\b",
    re.I,
)
_UNTIL = re.compile(r"(?<!give me )(?<!give us )\b(?:until|till)\b[^,;]*", re.I)
_WEEKDAY = re.compile(rf"\b(?P<day>{'|'.join(_DAYS)})\b", re.I)
_CLOCK = re.compile(
    r"\bat (?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?P<half>[ap]\.?m\b)?"
    r"|\b(?P<hour2>\d{1,2})(?::(?P<minute2>\d\d))?\s*(?P<half2>[ap]m)\b"
    r"|\b(?P<hour3>\d{1,2}):(?P<minute3>\d\d)\b",
    re.I,
)
_TODAY = re.compile(
    r"\btoday\b|\btonight\b|\b(?:this|in the) (?:afternoon|evening|morning)\b|\b(?:end of (?:the )?day"
    r"|close of business)\b"
)


def due(sentence: str, said_at: datetime) -> datetime | None:
    """By when, as a colleague would read it: a bare day ends at five, a bare week on its Friday.

    What lasts until a day is not due on it.
    """
    said = _UNTIL.sub("", sentence.lower())
    within = _WITHIN.search(said)
    if within and within["unit"] == "hour":
        return said_at + timedelta(hours=_number(within["n"]))
    day, at = _day(said, said_at.date(), within), _clock(said)
    if day is None and _CLOCK.search(said):  # today, or tomorrow where that hour is over
        day = said_at.date() + timedelta(days=at <= said_at.time())
    return datetime.combine(day, at, said_at.tzinfo) if day else None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def _day(said: str, today: date, within: re.Match[str] | None) -> date | None:
    if within:
        return today + timedelta(days=_number(within["n"]) * (7 if within["unit"] == "week" else 1))
    if named := _DATE.search(said):
        return _dated(named, today)
    if weekday := _WEEKDAY.search(said):
        ahead = (_DAYS.index(weekday["day"]) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    if "tomorrow" in said:
        return today + timedelta(days=1)
    return today if _TODAY.search(said) else _end(said, today)


def _end(said: str, today: date) -> date | None:
    """The last day of what is named no closer: a week ends on its Friday."""
    if re.search(r"\bnext (?:working|business) day\b", said):
        return today + timedelta(days={4: 3, 5: 2}.get(today.weekday(), 1))
    if re.search(r"\bend of (?:the|this) month\b", said):
        return date(today.year + today.month // 12, today.month % 12 + 1, 1) - timedelta(days=1)
    if weeks := re.search(r"\b(next week|(?:this|end of (?:the|this)) week|before the weekend)\b", said):
        return today + timedelta(days=(4 - today.weekday()) % 7 + (7 if weeks[1] == "next week" else 0))
    return None


def _dated(named: re.Match[str], today: date) -> date | None:
    """The next such day; None where the calendar has none."""
    day = int(named["day"] or named["day2"] or named["day3"])
    month = named["month"] or named["month2"]
    for ahead in range(13):
        year, number = divmod(today.month - 1 + ahead, 12)
        if month and number + 1 != _MONTHS.index(month) + 1:
            continue
        try:
            found = date(today.year + year, number + 1, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _clock(said: str) -> time:
    if at := _CLOCK.search(said):
        half = (at["half"] or at["half2"] or "").replace(".", "")
        hour = int(at["hour"] or at["hour2"] or at["hour3"]) % (12 if half else 24) + (
            12 if half == "pm" else 0
        )
        return time(hour, int(at["minute"] or at["minute2"] or at["minute3"] or 0) % 60)
    if re.search(r"\bnoon\b|\bmorning\b", said):
        return NOON
    return EVENING if re.search(r"\btonight\b|\bevening\b", said) else END_OF_DAY
