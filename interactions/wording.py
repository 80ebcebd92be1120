"""Make what arrived fit to read: plain text, safe HTML, the older mail folded away, its language."""

import html
import re

import nh3

_TAGS = {
    "a", "b", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "i", "li", "ol", "p",
    "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_BREAKS = re.compile(r"<\s*(br|/p|/div|/li|/tr|/h\d)\b[^<>]*>", re.I)
_QUOTE_HEADS = re.compile(
    r"^(-{2,}\s*(original message|ursprüngliche nachricht|message d'origine)\s*-{2,}"
    r"|on .{6,120} wrote:|am .{6,120} schrieb .{1,80}:|le .{6,120} a écrit\s?:)\s*$",
    re.I,
)
_TAG = re.compile(r"<[^<>]*>")
# Building the tree of hostile HTML takes time with the square of its tags: 100,000 took 50 s, these take 1 s.
_MOST_TAGS = 10_000
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
    """An allow-list of harmless tags; scripts, styles, images and forms do not survive.

    Empty for a mail with more tags than a person's has: its text is shown instead.
    """
    if dirty.count("<") > _MOST_TAGS:
        return ""
    return nh3.clean(
        dirty, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"https", "http", "mailto"},
        link_rel="noopener noreferrer nofollow", clean_content_tags={"script", "style", "title"},
    )  # fmt: skip


def text_of(dirty: str) -> str:
    """The words of an HTML mail."""
    spaced = _BREAKS.sub(lambda found: found.group(0) + "\n", dirty)
    if dirty.count("<") > _MOST_TAGS:
        bare = _TAG.sub(" ", spaced)
    else:
        bare = nh3.clean(spaced, tags=set(), clean_content_tags={"script", "style", "title"})
    lines = [line.strip() for line in html.unescape(bare).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def split_quoted(text: str) -> tuple[str, str]:
    """What was written now, and the older mail below it.

    Quoted lines with new ones among or after them stay: an answer is written between them.
    """
    lines = text.splitlines()
    last_new = max((n for n, line in enumerate(lines) if line.strip() and not line.startswith(">")), default=-1)
    for number in range(1, len(lines)):
        if number > last_new or _heads_older_mail(lines, number, last_new):
            return "\n".join(lines[:number]).strip(), "\n".join(lines[number:]).strip()
    return text.strip(), ""


def _heads_older_mail(lines: list[str], number: int, last_new: int) -> bool:
    """Whether an "On ... wrote:", which a mail program may break in two, has only older mail below it."""
    if _QUOTE_HEADS.match(lines[number].strip()):
        head_ends = number
    elif _QUOTE_HEADS.match(" ".join(line.strip() for line in lines[number : number + 2])):
        head_ends = number + 1
    else:
        return False
    below = lines[head_ends + 1 :]
    return last_new <= head_ends or not any(line.startswith(">") for line in below)


def language_of(text: str, otherwise: str = "") -> str:
    """A two-letter code by the commonest words, or `otherwise` where too few are there."""
    words = [word.lower() for word in _WORD.findall(text[:4000])]
    counts = {code: sum(w in common for w in words) for code, common in _COMMON_SETS.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] >= 3 else otherwise
