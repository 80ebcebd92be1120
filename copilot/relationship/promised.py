"""Hear a promise in what a colleague wrote to a customer, and by when it is due in the writer's own zone.

A promise is somebody of us who will do something for the customer. What only may be, is asked, hangs on the
customer, or is said not to happen is none. English; another language is found by nobody here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from copilot.words import sentences

END_OF_DAY, NOON, EVENING = time(17), time(12), time(20)
LONGEST = 300

_DEED = (
    r"(?:re)?sends?|call|ring|phone|check|get back|come back|return with|follow up|write|e-?mail|forward"
    r"|refund|credit|ship|prepare|fix|update|confirm|let you know|share|ask|arrange|book|look into|investigate"
    r"|deliver|replace|schedule|get you|bring you|have an? \w+ (?:look|call|check)"
)
_WE = r"(?:i|we|our team|my colleague)"
_SAYS = re.compile(
    rf"\b{_WE}(?:['’]ll| will| shall| promise to|['’]m going to|['’]re going to| (?:am|are|is) going to)"
    rf"(?: (?:also|then|personally|gladly|certainly))? (?:{_DEED})\b"
    r"|\bmy colleague is sending you\b|\bexpect (?:a call|an? \w+) from\b"
    r"|\byou(?:['’]ll| will) (?:have|get|receive|hear)\b(?=.*\b(?:by|before|from (?:me|us))\b)"
    r"|\bwill be with you (?:by|on|before|tomorrow)\b",
    re.I,
)
_NO_PROMISE = re.compile(
    r"\?\s*$|\b(?:if|unless|should) (?:you|we|i)\b|\b(?:once|when|after|as soon as) you(?:['’]ve)?\b"
    r"|\bnever\b|\bwon['’]t\b|\b(?:will|shall) not\b"
    r"|\byou (?:wrote|said|mentioned)\b|\bevery \w+day\b|\b(?:hope|hoping) to\b",
    re.I,
)

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_WITHIN = re.compile(
    rf"\b(?:in|within)(?: the next)? (?P<n>\d{{1,2}}|{'|'.join(_NUMBERS)}) (?P<unit>hour|day|week)s?\b", re.I
)
_DATE = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{'|'.join(_MONTHS)})\b"
    rf"|\b(?P<month2>{'|'.join(_MONTHS)}) (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"|\bthe (?P<day3>\d{1,2})(?:st|nd|rd|th)\b",
    re.I,
)
_WEEKDAY = re.compile(rf"\b(?P<day>{'|'.join(_DAYS)})\b", re.I)
_CLOCK = re.compile(
    r"\bat (?P<hour>\d{1,2})(?::(?P<minute>\d\d))?\s*(?P<half>[ap]\.?m\b)?"
    r"|\b(?P<hour2>\d{1,2})\s*(?P<half2>[ap]m)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """One sentence that promises. `due` is in the zone of the moment at which it was said."""

    quote: str
    due: datetime | None


def promises_in(text: str, said_at: datetime) -> Iterator[Heard]:
    """`said_at` in the writer's zone."""
    for start, end in sentences(text):
        sentence = text[start:end]
        if sentence.startswith(">"):
            continue  # somebody else's words
        if len(sentence) <= LONGEST and _SAYS.search(sentence) and not _NO_PROMISE.search(sentence):
            yield Heard(sentence, due(sentence, said_at))


def due(sentence: str, said_at: datetime) -> datetime | None:
    """By when, as a colleague would read it: a bare day ends at five, a bare week on its Friday."""
    within = _WITHIN.search(sentence)
    if within and within["unit"].lower() == "hour":
        return said_at + timedelta(hours=_number(within["n"]))
    day = _day(sentence.lower(), said_at.date(), within)
    return datetime.combine(day, _clock(sentence.lower()), said_at.tzinfo) if day else None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]


def _day(said: str, today: date, within: re.Match[str] | None) -> date | None:
    if within:
        return today + timedelta(days=_number(within["n"]) * (7 if within["unit"].lower() == "week" else 1))
    if named := _DATE.search(said):
        return _dated(named, today)
    if weekday := _WEEKDAY.search(said):
        ahead = (_DAYS.index(weekday["day"]) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    if "tomorrow" in said:
        return today + timedelta(days=1)
    if re.search(r"\btoday\b|\btonight\b|\bthis (?:afternoon|evening|morning)\b|\bend of (?:the )?day\b", said):
        return today
    if weeks := re.search(r"\b(next week|(?:this|end of (?:the|this)) week)\b", said):
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
        hour = int(at["hour"] or at["hour2"]) % (12 if half else 24) + (12 if half == "pm" else 0)
        return time(hour, int(at["minute"] or 0) % 60)
    if re.search(r"\bnoon\b|\bmorning\b", said):
        return NOON
    return EVENING if re.search(r"\btonight\b|\bevening\b", said) else END_OF_DAY
