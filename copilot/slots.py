"""Slots: the details of one customer, masked before a text may serve another."""

import re
from collections.abc import Iterable

_MONTHS = (
    r"jan(?:uar(?:y)?|vier)?|feb(?:ruar(?:y)?)?|fév(?:rier)?|mar(?:ch|s)?|märz|apr(?:il)?|avril|ma[iy]|june?|juni"
    r"|juin|july?|juli|juillet|aug(?:ust)?|août|sep(?:t(?:ember|embre)?)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?"
    r"|de[cz](?:ember)?|déc(?:embre)?"
)
_DAYS = (
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag"
    r"|samstag|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
)
# The order matters: an address is masked before the numbers in it are.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("link", re.compile(r"https?://\S+|www\.\S+", re.I)),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("phone", re.compile(r"\+\d[\d ()/-]{6,}\d")),
    ("amount", re.compile(
        r"(?:[€$£]\s?\d[\d.,]*|\d[\d.,]*\s?(?:€|\$|£|(?:eur|usd|gbp|sek|chf|euros?|dollars?|pounds?)\b))", re.I
    )),
    ("date", re.compile(
        rf"\b(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}"
        rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?\s(?:of\s)?(?:{_MONTHS})\b(?:\.(?=,?\s(?-i:[\da-zß-ÿ])))?(?:,?\s\d{{4}})?"
        rf"|(?:{_MONTHS})\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s\d{{4}})?)", re.I
    )),
    ("time", re.compile(r"\b\d{1,2}(?::\d\d)(?:\s?[ap]m)?\b|\b\d{1,2}\s?[ap]m\b", re.I)),
    ("day", re.compile(rf"\b(?:{_DAYS})\b", re.I)),
    ("id", re.compile(
        r"#?\b(?=[\w-]*\d)(?:[A-Z]{1,6}-?[\w-]*\d[\w-]*|\d{4,}"
        r"|(?=[\w-]{0,40}[^\W\d])[\w-]{0,40}\d{3}[\w-]{0,40})\b"  # in small letters too: noah_6181
    )),
    ("number", re.compile(r"\b\d+(?:[.,]\d+)*\b")),
)  # fmt: skip

_DIGIT, _NUMBERS = re.compile(r"\d"), re.compile(r"\d[-./]\d")
_WITHOUT_DIGITS = ("link", "email", "day")
# One of these, in small letters, stands in whatever the pattern finds; looking for them costs a tenth of it.
_SIGNS: dict[str, tuple[str, ...]] = {
    "link": ("://", "www."),
    "email": ("@",),
    "phone": ("+",),
    "amount": ("€", "$", "£", "eur", "usd", "gbp", "sek", "chf", "dollar", "pound"),
    "date": tuple(
        "jan feb fév mar mär apr avr mai may jun jui jul aug aoû sep oct okt nov dec dez déc".split()
    ),
    "time": (":", "am", "pm"),
    "day": ("day", "tag", "woch", "di"),
}


_LOOKED_FOR = tuple((*one, one[0] in _WITHOUT_DIGITS, _SIGNS.get(one[0], ("",))) for one in PATTERNS)


def _patterns(text: str) -> Iterable[tuple[str, re.Pattern[str]]]:
    """Those that may find something; most sentences have no detail, and each search costs microseconds."""
    small, digit = text.casefold().replace("\u0131", "i"), _DIGIT.search(text)  # ı is i where case is ignored
    for slot, pattern, without_digits, signs in _LOOKED_FOR:
        if (digit or without_digits) and (
            any(map(small.__contains__, signs)) or (slot == "date" and _NUMBERS.search(small))
        ):
            yield slot, pattern


def mask(text: str, names: tuple[str, ...] = ()) -> str:
    """The text with names, numbers, dates, addresses and ids replaced by `{slots}`."""
    for name in sorted({n for n in names if len(n) > 1}, key=len, reverse=True):
        if name in text:
            text = re.sub(rf"\b{re.escape(name)}\b", "{name}", text)
    for slot, pattern in _patterns(text):
        text = pattern.sub("{" + slot + "}", text)
    return text


def details(text: str) -> list[tuple[str, int, int]]:
    """Every detail in the text with its place, none overlapping: (kind, start, end)."""
    taken = [False] * len(text)
    found = []
    for slot, pattern in _patterns(text):
        for hit in pattern.finditer(text):
            if not any(taken[hit.start() : hit.end()]):
                taken[hit.start() : hit.end()] = [True] * (hit.end() - hit.start())
                found.append((slot, hit.start(), hit.end()))
    return sorted(found, key=lambda one: one[1])


def names_in(*names: str) -> tuple[str, ...]:
    """Each name whole and by its parts, for masking."""
    parts = {part for name in names for part in [name, *name.split()] if len(part) > 1}
    return tuple(sorted(parts, key=len, reverse=True))
