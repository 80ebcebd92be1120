"""Secrets that people paste into letters, hidden before a text reaches a model or a log.

Cards and accounts are known by their check digits, keys by the shapes that their makers give them, and
passwords and codes by the word before them. Order numbers and telephone numbers stay as they are.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial

_UNSEEN = re.compile(
    "[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)
_IS = r"(?:\s{0,3}(?:is|was|ist|lautet|war|est|es|:|=|=>|->|–|-)){1,2}\s{0,3}[\"'“„«`]?"
_PASSWORD = (
    r"pass(?:word|code|phrase|wd)?|pwd|(?:passwort|kennwort)|mot de passe|mdp|contraseña|wachtwoord"
    r"|lösenord|geheimzahl"
)
_CODE = (
    r"(?:one[- ]?time|verification|sms|login|sign[- ]?in|2fa|two[- ]factor|authenticat(?:or|ion)|security"
    r"|access)[- ]?"
    r"(?:pass)?code|otp|m?tan|pin(?:[- ]code)?|puk|(?:sms|einmal|sicherheits|verifizierungs|anmelde"
    r"|bestätigungs)[- ]?code"
    r"|code (?:de vérification|secret|sms|à usage unique|pin)"
)
_CARD_CODE = (
    r"cvv2?|cvc2?|csc|card (?:security|verification) (?:code|number)|prüfziffer|prüfnummer"
    r"|cryptogramme(?: visuel)?"
)
_KEY = (
    r"api[ _-]?key|api[ _-]?token|secret(?:[ _-]?key)?|client[ _-]?secret|(?:access|auth|refresh"
    r"|bearer)[ _-]?token|token"
    r"|api[ -]?schlüssel|clé api"
)
_MADE_KEYS = (
    r"sk-[\w-]{16,}|(?:sk|pk|rk)_(?:live|test)_\w{10,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abprs]-[\w-]{10,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|whsec_[\w+/=]{16,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|(?:npm|hf|pypi)[_-]\w{24,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"
    r"|\bAGE-SECRET-KEY-\w{20,}"
)
_PRIVATE = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)"
)


def _anything(found: re.Match[str]) -> bool:
    return True


def _is_card(found: re.Match[str]) -> bool:
    """The prefixes and lengths that card issuers use, and the check digit (Luhn, ISO/IEC 7812)."""
    digits = re.sub(r"\D", "", found["value"])
    doubled = (int(one) * (2 if place % 2 else 1) for place, one in enumerate(reversed(digits)))
    shape = (
        r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|6(?:011|4[4-9]|5)\d{12,16}"
        r"|35\d{14}|3[0689]\d{12}"
    )
    return bool(re.fullmatch(shape, digits)) and sum(sum(divmod(one, 10)) for one in doubled) % 10 == 0


def _is_iban(found: re.Match[str]) -> bool:
    """The remainder of 97 (ISO 13616)."""
    text = re.sub(r"\s", "", found["value"]).upper()
    if not 15 <= len(text) <= 34 or not text.isascii():  # İ and ſ stand beside I and S where case is ignored
        return False
    return int("".join(str(int(one, 36)) for one in text[4:] + text[:4])) % 97 == 1


def _is_chosen(found: re.Match[str]) -> bool:
    """No ordinary word, as in "my password is wrong": a digit, a sign or a capital inside."""
    return bool(re.search(r"[\d_!#$%&*+/=?@^~|<>]|\S[A-Z]|[.-]\w", found["value"]))


def _has_digit(found: re.Match[str]) -> bool:
    return bool(re.search(r"\d", found["value"]))


type Kind = tuple[str, tuple[str, ...], re.Pattern[str], Callable[[re.Match[str]], bool]]
_NAMED = ("pass", "pwd", "kennwort", "mdp", "contrase", "woord", "lösenord", "zahl")
_NEAR_CARDS = ("cv", "csc", "code", "number", "ziffer", "nummer", "cryptogramme")
# One of the words stands wherever such a secret is; looking for that first costs a tenth.
_KINDS: tuple[Kind, ...] = tuple(
    (name, signs, re.compile(pattern, re.I | re.S), really)
    for name, signs, pattern, really in (
        ("private key", (), rf"(?P<value>{_PRIVATE})", _anything),
        ("key", (), rf"(?<![\w-])(?-i:(?P<value>{_MADE_KEYS}))", _anything),
        ("key", ("bearer",), r"\bbearer\s+(?P<value>[\w.~+/-]{16,}=*)", _has_digit),
        ("password", (), r"://[^\s/:@]+:(?P<value>[^\s/@]+)@", _anything),
        ("key", ("=",),
         r"[?&](?:access_token|token|api_?key|secret|password)=(?P<value>[^&\s\"'<>\[]{6,})", _anything),
        ("account number", (),
         r"\b(?P<value>[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?)\b", _is_iban),
        ("card number", (), r"(?<![\w.+/-])(?P<value>\d(?:[ -]?\d){12,18})(?![\w/]|[.-]\d)", _is_card),
        ("card code", _NEAR_CARDS,
         rf"\b(?:{_CARD_CODE})\b(?:{_IS}|\s{{1,3}})(?P<value>\d{{3,4}})\b", _anything),
        ("code", ("code", "otp", "tan", "pin", "puk"),
         rf"\b(?:{_CODE})\b(?:{_IS}|\s{{1,3}})(?P<value>\d(?:[ -]?\d){{3,7}})\b", _anything),
        ("password", _NAMED,
         rf"\b(?:{_PASSWORD})\b{_IS}(?P<value>[^\s\"'”“»`]{{4,64}}?)(?=[.,;:!?)]*(?:[\s\"'”“»`]|$))",
         _is_chosen),
        ("password", _NAMED, rf"\b(?:{_PASSWORD})\s*[:=]\s*(?P<value>\w{{4,64}})[ \t]*(?=\n|$)", _anything),
        ("key", ("key", "secret", "token", "schlüssel", "clé"),
         rf"\b(?:{_KEY})\b{_IS}(?P<value>[\w./+=-]{{12,}})", _has_digit),
    )
)  # fmt: skip


def secrets_in(text: str) -> Iterator[str]:
    for _, pattern, really in _sought(text):
        yield from (found["value"] for found in pattern.finditer(text) if really(found))


def without_secrets(text: str) -> str:
    """The text with what is secret in it replaced by words, such as [hidden card number]."""
    for name, pattern, really in _sought(text):
        text = pattern.sub(partial(_hidden, name, really), text)
    return text


def _sought(text: str) -> Iterator[tuple[str, re.Pattern[str], Callable[[re.Match[str]], bool]]]:
    small = text.casefold().replace("\u0307", "").replace("\u0131", "i")  # Turkish ones are i to a pattern
    for name, signs, pattern, really in _KINDS:
        if not signs or any(sign in small for sign in signs):
            yield name, pattern, really


def _hidden(name: str, really: Callable[[re.Match[str]], bool], found: re.Match[str]) -> str:
    if not really(found):
        return found[0]
    start, end = found.start("value") - found.start(), found.end("value") - found.start()
    return f"{found[0][:start]}[hidden {name}]{found[0][end:]}"


def without_unseen(text: str) -> str:
    """Without characters that no reader sees: they can carry words that only a model reads."""
    return text if text.isascii() else _UNSEEN.sub("", text)
