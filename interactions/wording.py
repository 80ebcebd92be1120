"""Make what arrived fit to read: plain text, safe HTML, the older mail folded away, its language."""

import html
import re

import nh3

_TAGS = {
    "a", "b", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "i", "li", "ol", "p",
    "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_BREAKS = re.compile(r"<\s*(br|/p|/div|/li|/tr|/h\d)\b[^>]*>", re.I)
_QUOTE_HEADS = re.compile(
    r"^(>.*|-{2,}\s*(original message|ursprüngliche nachricht|message d'origine)\s*-{2,}"
    r"|on .{6,120} wrote:|am .{6,120} schrieb .{1,80}:|le .{6,120} a écrit\s?:)\s*$",
    re.I,
)
_WORD = re.compile(r"[^\W\d_]+")
# A few dozen of each language's commonest words tell a mail's language well enough.
_COMMON = {
    "en": "the and you for is we to of in that have it our with can please not are this on",
    "de": "der die das und ist wir sie ich nicht für mit ein eine bitte auf zu den haben wie unser",
    "fr": "le la les et est nous vous je pas pour avec une des sur merci dans que notre bonjour",
    "es": "el la los y es nosotros usted no para con una por que gracias en de nuestro hola",
    "nl": "de het een en is wij u ik niet voor met op van dat hebben onze graag bedankt",
    "sv": "och är vi du jag inte för med en ett på att det har vår tack hej som",
    "it": "il la e è noi lei io non per con una di che grazie nostro buongiorno",
}
_COMMON_SETS = {code: frozenset(words.split()) for code, words in _COMMON.items()}


def safe_html(dirty: str) -> str:
    """An allow-list of harmless tags; scripts, styles, images and forms do not survive."""
    return nh3.clean(
        dirty, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow", clean_content_tags={"script", "style", "title"},
    )  # fmt: skip


def text_of(dirty: str) -> str:
    """The words of an HTML mail."""
    spaced = _BREAKS.sub(lambda found: found.group(0) + "\n", dirty)
    bare = nh3.clean(spaced, tags=set(), clean_content_tags={"script", "style", "title"})
    lines = [line.strip() for line in html.unescape(bare).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def split_quoted(text: str) -> tuple[str, str]:
    """What was written now, and the older mail below it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _QUOTE_HEADS.match(line.strip()) and number:
            return "\n".join(lines[:number]).rstrip(), "\n".join(lines[number:]).strip()
    return text.strip(), ""


def language_of(text: str, otherwise: str = "") -> str:
    """A two-letter code by the commonest words, or `otherwise` where too few are there."""
    words = [word.lower() for word in _WORD.findall(text[:4000])]
    counts = {code: sum(w in common for w in words) for code, common in _COMMON_SETS.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] >= 3 else otherwise
