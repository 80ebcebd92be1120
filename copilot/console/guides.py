"""How to connect each CRM, as its page in `docs/` says it, for admins who have no repository at hand."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, is_admin, page

_DOCS = settings.BASE_DIR / "docs"
_SHARED = {"start": "connectors/README.md", "events": "events.md"}  # beside a page for each kind of CRM


@dataclass(frozen=True, slots=True)
class Guide:
    title: str
    words: SafeString


@page(allowed=is_admin)
def guide(visit: Visit, word: str) -> HttpResponse:
    if not _file(word).is_file():
        raise Http404
    context = {
        "shell": shell(visit, "settings"), "section": "settings", "tabs": tabs(visit, "settings-connections"),
        "guide": read(word),
    }  # fmt: skip
    return visit.show("guide.html", context)


def _file(word: str) -> Path:
    """Under `docs/`, by the word in the page's address."""
    return _DOCS / _SHARED.get(word, f"connectors/{word}.md")


def _word(link: str) -> str:
    """Of the page that a link between the files leads to; empty where there is none."""
    name = link.rpartition("/")[2].removesuffix(".md")
    word = {"README": "start"}.get(name, name)
    return word if not link.startswith("../../") and _file(word).is_file() else ""


@lru_cache
def read(word: str) -> Guide:
    """The file as a page: its first heading is the title, links between the files lead to their pages."""
    text = _file(word).read_text(encoding="utf-8")
    first, _, rest = text.partition("\n")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(rest)
    _name_headings(tokens)
    for token in tokens:
        _lead_on(token)
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Guide(first.lstrip("# "), mark_safe(html))


def _name_headings(tokens: list[Token]) -> None:
    """As links inside the files name them."""
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", slugify(inline.content))
            opening.attrSet("class", "section")


def _lead_on(token: Token) -> None:
    """Links to other files lead to their pages; a file that has none is named and not linked."""
    kept, is_cut = list[Token](), False
    for inner in token.children or ():
        file, hash_, place = str(inner.attrGet("href") or "").partition("#")
        if inner.type == "link_open" and file and "://" not in file:
            word = _word(file)
            is_cut = not word
            if word:
                inner.attrSet("href", reverse("connection-guide", args=[word]) + hash_ + place)
        if not (is_cut and inner.type in ("link_open", "link_close")):
            kept.append(inner)
        is_cut = is_cut and inner.type != "link_close"
    if token.children:
        token.children = kept
