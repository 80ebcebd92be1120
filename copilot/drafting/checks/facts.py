"""The facts that a text states: links, addresses, sums, dates, times, spans, ids and numbers, each
under keys that do not depend on how it is written, so that 14 March and 2027-03-14 are one."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from copilot.drafting.checks.numerals import WORDS


@dataclass(frozen=True, slots=True)
class Fact:
    """`keys`: every way to read it; one of them known is enough."""

    kind: str
    keys: tuple[str, ...]
    start: int
    end: int


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january januar janvier jan janv", "february februar février fevrier feb fév févr",
            "march märz maerz mars mar", "april avril apr avr", "may mai", "june juni juin jun",
            "july juli juillet jul juil", "august août aout aug", "september septembre sep sept",
            "october oktober octobre oct okt", "november novembre nov",
            "december dezember décembre decembre dec dez déc",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday montag lundi", "tuesday dienstag mardi", "wednesday mittwoch mercredi",
            "thursday donnerstag jeudi", "friday freitag vendredi", "saturday samstag samedi sonnabend",
            "sunday sonntag dimanche",
        )
    )
    for name in names.split()
}  # fmt: skip
_CURRENCIES = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "pound": "GBP", "pounds": "GBP", "$": "USD",
    "dollar": "USD", "dollars": "USD", "kr": "SEK", "fr": "CHF", "franken": "CHF", "francs": "CHF",
} | {
    code.lower(): code
    for code in (
        "EUR GBP USD SEK NOK DKK CHF PLN CZK HUF JPY CNY INR AUD CAD NZD ZAR BRL MXN SGD HKD KRW TRY AED ILS"
    ).split()
}  # fmt: skip
# Minutes, so that two weeks and 14 days are one.
_UNITS = {
    "minute": 1, "minuten": 1, "minutes": 1, "hour": 60, "hours": 60, "stunde": 60, "stunden": 60,
    "heure": 60, "heures": 60, "day": 1440, "days": 1440, "tag": 1440, "tage": 1440, "tagen": 1440,
    "werktage": 1440, "werktagen": 1440, "jour": 1440, "jours": 1440, "week": 10080, "weeks": 10080,
    "woche": 10080, "wochen": 10080, "semaine": 10080, "semaines": 10080, "month": 43200, "months": 43200,
    "monat": 43200, "monate": 43200, "monaten": 43200, "mois": 43200, "year": 518400, "years": 518400,
    "jahr": 518400, "jahre": 518400, "jahren": 518400, "an": 518400, "ans": 518400, "année": 518400,
    "années": 518400,
}  # fmt: skip


def _any(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_M, _W = _any(_MONTHS), _any(_WEEKDAYS)
_N = r"\d{1,3}(?:[ \u00a0\u202f'’]\d{3}){1,5}(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+){0,6}"
_CODES = _any(code for code in _CURRENCIES if code.isalpha())
_ENDINGS = "com|net|org|io|co|de|fr|eu|uk|nl|ch|es|se|pl|info|biz|app|dev|ai|ru|cn|xyz|top|site|online|shop"
_ENDINGS += "|store|link|click|example|test|zip|cloud|page"
_LINK = (
    r"(?:h[tx]{2}ps?|ftp)\s?:\s?//\S+|(?<![\w:])//[\w-]+\.\S+|\b(?:javascript|data|vbscript|mailto|file):\S+"
    rf"|\bwww\.\S+|(?<![\w@.-])(?:[\w-]+\.)+(?:{_ENDINGS})\b(?:[/?#]\S*)?(?![\w@])"
    r"|(?<![\w@.-])(?:[\w-]+\.)+[a-z]{2,10}/\S+|(?:[\w-]+(?:\[\.\]|\(\.\)))+\w{2,}\S*"
)


def _link(found: re.Match[str]) -> Iterable[str]:
    text = found[0].rstrip(".,;:!?)]}>»”\"'*_`’“")
    host, slash, path = re.sub(r"^(?:https?://)?(?:www\.)?", "", text, flags=re.I).partition("/")
    yield (host.lower() + slash + path).rstrip("/")


def _email(found: re.Match[str]) -> Iterable[str]:
    yield found[0].lower().rstrip(".-")


def _phone(found: re.Match[str]) -> Iterable[str]:
    yield re.sub(r"\D", "", found[0]).lstrip("0")[-8:]


def _amount(found: re.Match[str]) -> Iterable[str]:
    code = found["before"] or found["after"]
    yield f"{_CURRENCIES[code.lower()]} {plain_number(found['n1'] or found['n2'])}"


def _iso(found: re.Match[str]) -> Iterable[str]:
    yield from _day(found["y"], found["m"], found["d"])


def _numeric(found: re.Match[str]) -> Iterable[str]:
    """Day and month in either order, unless dots say which it is."""
    year = found["y"] and (found["y"] if len(found["y"]) == 4 else f"20{found['y']}")
    yield from _day(year, found["m"], found["d"])
    if "/" in found[0]:
        yield from _day(year, found["d"], found["m"])
    if found["dot"]:
        yield plain_number(found[0].rstrip("."))


def _named(found: re.Match[str]) -> Iterable[str]:
    name = (found["m1"] or found["m2"]).lower()
    yield from _day(found["y1"] or found["y2"], str(_MONTHS[name]), found["d1"] or found["d2"])


def _day(year: str | None, month: str, day: str) -> Iterable[str]:
    try:
        date(int(year or 2024), int(month), int(day))
    except ValueError:
        return
    yield f"{year or '*'}-{int(month):02}-{int(day):02}"


def _month(found: re.Match[str]) -> Iterable[str]:
    yield f"{found['y'] or '*'}-{_MONTHS[found['m'].lower()]:02}"


def _weekday(found: re.Match[str]) -> Iterable[str]:
    yield str(_WEEKDAYS[found[0].lower()])


def _time(found: re.Match[str]) -> Iterable[str]:
    told = found.groupdict(default="")
    hour, half = int(told["h"] or told["h2"]), (told["half"] or told["half2"]).lower().replace(".", "")
    if hour < 25:
        hour = hour % 12 + 12 * (half == "pm") if half in ("am", "pm") else hour
        yield f"{hour}:{told['min'] or told['min2'] or '00'}"


def _day_alone(found: re.Match[str]) -> Iterable[str]:
    yield f"{int(found['d1'] or found['d2'] or found['d3']):02}"


def _span(found: re.Match[str]) -> Iterable[str]:
    number = plain_number(found["n"]) if found["n"] else WORDS.get(found["w"].lower())
    if number:
        with_unit = Decimal(number) * _UNITS[found["unit"].lower()]
        yield from (f"{with_unit.normalize():f} minutes", str(number))


def _id(found: re.Match[str]) -> Iterable[str]:
    yield re.sub(r"[^a-z0-9]", "", found[0].lower())


def _number(found: re.Match[str]) -> Iterable[str]:
    yield plain_number(found["n"])


def _number_word(found: re.Match[str]) -> Iterable[str]:
    if value := WORDS.get(found[0].lower()):
        yield str(value)


# The order matters: what is read first is not read again as something smaller.
_READERS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], Iterable[str]]], ...] = tuple(
    (kind, re.compile(pattern, re.I), keys)
    for kind, pattern, keys in (
        ("email", r"(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _email),
        ("link", _LINK, _link),
        ("phone", r"(?<!\w)\+\d[\d ()/.-]{6,}\d", _phone),
        ("amount", rf"(?:(?P<before>[€£$]|\b(?:{_CODES})\b)\s?(?P<n1>{_N}))"
                   rf"|(?P<n2>(?<![\w.,-])(?:{_N}))\s?(?P<after>[€£$]|(?:{_CODES})\b)", _amount),
        ("date", r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:T[\d:+.Z-]*)?\b", _iso),
        ("date", r"(?<![\w.,/-])(?P<d>\d{1,2})(?:[./](?P<m>\d{1,2})[./](?P<y>\d{4}"
                 r"|\d\d)\b)(?P<dot>)", _numeric),
        ("date", r"(?<![\w.,/-])(?P<d>\d{1,2})/(?P<m>\d\d)(?P<y>)(?P<dot>)(?![/\w])", _numeric),
        ("date", r"(?<![\w.,/-])(?P<d>\d{1,2})\.(?P<m>\d{1,2})(?P<dot>\.)(?P<y>)(?!\d)", _numeric),
        ("date", rf"\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s(?:of\s"
                 rf"|de\s)?(?P<m1>{_M})\b\.?(?:,?\s(?P<y1>\d{{4}}))?"
                 rf"|\b(?P<m2>{_M})\.?\s(?P<d2>\d{{1,2}})(?:st|nd|rd"
                 rf"|th)?\b(?!\d)(?:,?\s(?P<y2>\d{{4}})\b)?", _named),
        ("idiom", r"\b24/7\b|^\s*\d{1,2}[.)](?=\s)", lambda found: ("",)),
        ("day", rf"\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)\b"
                rf"|\b(?:{_W}),?\s(?:the\s|den\s|le\s)?(?P<d2>\d{{1,2}})\b(?![.:,]\d)"
                rf"|\b(?P<d3>\d{{1,2}})\.?(?=\s?(?:to|and|bis|und|au|et|–|-)\s?\d{{1,2}}\.?\s(?:{_M})\b)",
         _day_alone),
        ("month", rf"(?:(?<=\bin )|(?<=\bim )|(?<=\ben )|(?<=\bof )|(?<=\bsince )|(?<=\buntil )|(?<=\bseit )"
                  rf"|(?<=\bfin )|(?<=\bdébut ))(?P<m>{_M})\b(?:\s(?P<y>\d{{4}}))?", _month),
        ("month", rf"\b(?P<m>{_M})\s(?P<y>\d{{4}})\b", _month),
        ("weekday", rf"\b(?:{_W})\b", _weekday),
        ("time", r"\b(?P<h>\d{1,2})(?::|h)(?P<min>\d\d)(?:\s?(?P<half>[ap]\.?m\b))?"
                 r"|\b(?P<h2>\d{1,2})(?:[.](?P<min2>\d\d))?\s?(?P<half2>[ap]\.?m\b|uhr\b|h\b)",
         _time),
        ("span", r"\b(?:(?P<n>\d+(?:[.,]\d+)?)|(?P<w>[^\W\d_]{2,30}(?:-[^\W\d_]+){0,3}))[\s-]"
                 rf"(?:(?:working|business|full|whole)\s)?(?P<unit>{_any(_UNITS)})\b", _span),
        ("id", r"#?\b(?=[\w./-]{0,40}\d)(?=[\w./-]{0,40}[a-z])[a-z0-9]{1,40}"
               r"(?:[-/.][a-z0-9]{1,40}){0,8}\b", _id),
        ("id", r"\b\d{1,20}(?:[-/]\d{1,20}){1,8}\b|\b\d+(?:\.\d+){3}\b", _id),
        ("number", rf"#?(?<![\w.,])(?P<n>{_N})(?!\w)", _number),
        ("word", r"\b[^\W\d_]+(?:-[^\W\d_]+){0,3}\b", _number_word),
    )
)  # fmt: skip


def plain_number(text: str) -> str:
    """1,284.50, 1.284,5 and 1 284.5 as the one number that they are."""
    text = re.sub(r"[ \u00a0\u202f'’]", "", text)
    groups = re.split(r"[.,]", text)
    marks = re.findall(r"[.,]", text)
    thousands = len(groups) > 1 and all(len(one) == 3 for one in groups[1:]) and groups[0] not in ("", "0")
    if not marks or (thousands and len(set(marks)) == 1) or (len(marks) > 1 and len(set(marks)) == 1):
        whole, part = "".join(groups), ""
    else:
        whole, part = "".join(groups[:-1]), groups[-1]
    return f"{Decimal(f'{whole or 0}.{part or 0}').normalize():f}"


def facts_in(text: str) -> list[Fact]:
    """What the text states, in its order; nothing is read twice. Offsets are into `folded(text)`."""
    text = folded(text)
    words = set(_PART.findall(text.lower()))
    taken = bytearray(len(text))
    found: list[Fact] = []
    for kind, pattern, keys in _READERS:
        if not _may_have(kind, text, words):
            continue
        for hit in pattern.finditer(text):
            start, end = hit.span()
            read = () if 1 in taken[start:end] else tuple(keys(hit))
            if read:
                taken[start:end] = b"\1" * (end - start)
            if read and kind != "idiom":
                found.append(Fact(kind, read, start, end))
    return sorted(found, key=lambda one: one.start)


def _may_have(kind: str, text: str, words: set[str]) -> bool:
    """Cheap to ask, and most sentences have nothing of most kinds."""
    if kind in ("link", "email"):
        return "@" in text if kind == "email" else bool(_DOT.search(text))
    if kind in _NEEDS_WORD:
        return not words.isdisjoint(_NEEDS_WORD[kind])
    if kind == "span":
        return not words.isdisjoint(_UNITS) and (bool(_DIGIT.search(text)) or not words.isdisjoint(WORDS))
    return bool(_DIGIT.search(text))


_PART = re.compile(r"[^\W\d_]+")
_DOT = re.compile(r"[.:/]\w|//|[\[(]\.")
_DIGIT = re.compile(r"\d")
_NEEDS_WORD = {
    "month": _MONTHS.keys(),
    "weekday": _WEEKDAYS.keys(),
    "word": {one for w in WORDS for one in re.split("[ -]", w)},
}
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


def folded(text: str) -> str:
    """Full-width and other look-alike forms as plain ones, invisible characters gone."""
    return text if text.isascii() else _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
