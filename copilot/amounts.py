"""Amounts of money in a letter, read on the safe side: what could be more is taken for more."""

import re
from decimal import Decimal

_CURRENCY = (
    r"(?:[€$£]|\b(?:eur|usd|gbp|sek|nok|dkk|chf|pln|euros?|dollars?|pounds?"
    r"|kronor|kroner|kr|francs?|franken)\b)"
)
# Digits in groups, as 1,250.00 or 1.250,00 or 1 250 or 1'250; then perhaps k, thousand or million.
_NUMBER = r"\d+(?:[ \u00a0\u202f.,'’]\d+)*"
_TIMES = r"(?:\s?(?:k|tsd\.?|thousand|m|mio\.?|million)\b)?"
_AMOUNT = re.compile(
    rf"(?:{_CURRENCY}\s?({_NUMBER})({_TIMES})|({_NUMBER})({_TIMES})[ \u00a0\u202f]?-?{_CURRENCY})", re.I
)
_FACTORS = {"k": 1_000, "t": 1_000, "m": 1_000_000}


def amounts(text: str) -> list[Decimal]:
    """Every amount written in digits beside a currency. In words ("five hundred euros") none is seen."""
    found = []
    for hit in _AMOUNT.finditer(text):
        number, times = (hit[1], hit[2]) if hit[1] else (hit[3], hit[4])
        factor = _FACTORS.get((times or "").strip().lower()[:1], 1)
        found.append(_read(number) * factor)
    return found


def _read(number: str) -> Decimal:
    """One or two digits after the last dot or comma are cents; after three it parts thousands."""
    groups = re.split(r"[^\d]", number)
    parted_by = re.findall(r"[^\d]", number)
    is_cents = bool(parted_by) and parted_by[-1] in ".," and len(groups[-1]) <= 2
    whole = "".join(groups[:-1] if is_cents else groups)
    return Decimal(f"{whole}.{groups[-1]}" if is_cents else whole)
