"""Tags of the console: icons, discs, forms that post an action, and times as a person says them."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zlib import crc32

from django import template
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide import _render_icon as lucide_icon

from copilot.console.cards import Card, Person

register = template.Library()

RING = '<circle cx="12" cy="12" r="9.5"/>'
# Glyphs that tell a draft's state, from a ring of dots to a filled target: they are ours.
GLYPHS = {
    "dotted": '<circle cx="12" cy="12" r="9.5" stroke-dasharray="1.2 4.77"/>',
    "dashed": '<circle cx="12" cy="12" r="9.5" stroke-dasharray="5 4.95"/>',
    "half": RING + '<path d="M12 6.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" stroke="none"/>',
    "target": RING + '<circle cx="12" cy="12" r="5.5" fill="currentColor" stroke="none"/>',
    "ask": RING + '<path d="M9.4 9.4a2.7 2.7 0 1 1 3.8 2.9c-.8.4-1.2.9-1.2 1.7"/><path d="M12 17h.01"/>',
    "done": RING + '<path d="m8 12.4 2.7 2.7L16 9.6"/>',
    "dropped": RING + '<path d="m9 9 6 6m0-6-6 6"/>',
    "timer": '<circle cx="12" cy="12" r="9.5" opacity=".3"/>'
    '<circle class="hand" cx="12" cy="12" r="9.5" pathLength="100" stroke-dasharray="100"'
    ' transform="rotate(-90 12 12)"/>',
    "stop": '<rect x="6" y="6" width="12" height="12" rx="1.5"/>',
    "ring": RING,
    "spot": '<circle cx="12" cy="12" r="9.5" fill="currentColor"/>',
}
LUCIDE = {
    "accounts": "building-2",
    "articles": "book-open",
    "away": "arrow-up-right",
    "change": "layers",
    "conversation": "mail",
    "call": "phone",
    "goal": "flag",
    "note": "sticky-note",
    "promise": "calendar-check",
    "record": "receipt-text",
    "keys": "circle-question-mark",
    "learning": "chart-line",
    "lesson": "bookmark",
    "more": "ellipsis",
    "notes": "sticky-note",
    "reply": "corner-up-left",
    "settings": "sliders-horizontal",
    "shift": "arrow-big-up",
    "triangle": "triangle-alert",
    "undo": "undo-2",
    "again": "rotate-cw",
    "file": "paperclip",
}
SHAPE = 'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'


@register.simple_tag
@cache
def icon(name: str, extra: str = "") -> SafeString:
    """A decorative glyph; the word beside it carries the meaning."""
    cls = f"icon icon-{name} {extra}".rstrip()
    if name in GLYPHS:
        body = f'<svg {SHAPE} class="{cls}" aria-hidden="true" stroke-width="2.5">{GLYPHS[name]}</svg>'
        return mark_safe(body)
    svg = lucide_icon(LUCIDE.get(name, name), None, aria_hidden="true", **{"class": cls})
    return mark_safe(svg.replace(' width="24" height="24"', "").replace("\n", ""))


@register.simple_tag
def keys(combination: str) -> SafeString:
    """`Ctrl Enter` or `Shift E` as key caps; hidden from screen readers, who get aria-keyshortcuts."""
    if combination.startswith("Shift "):
        cap = format_html("<kbd>{}{}</kbd>", icon("shift"), combination.removeprefix("Shift "))
        return format_html('<span class="keys" aria-hidden="true">{}</span>', cap)
    caps = mark_safe("".join(format_html("<kbd>{}</kbd>", part) for part in combination.split()))
    return format_html('<span class="keys" aria-hidden="true">{}</span>', caps)


TONES = ("rose", "sky", "plum", "moss", "sand", "iris")


def tone_of(name: str) -> str:
    """The same name has the same disc on every page."""
    return TONES[crc32(name.encode()) % len(TONES)]


def initials_of(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.simple_tag
def disc(person: Person, size: str = "") -> SafeString:
    """Initials on a disc: round for customers, a rounded square for colleagues."""
    shape = "colleague" if person.colleague else "customer"
    return format_html(
        '<span class="disc {} {} {}" aria-hidden="true">{}</span>',
        shape, tone_of(person.name), size, initials_of(person.name),
    )  # fmt: skip


@register.simple_block_tag(takes_context=True)
def act(
    context: Context, content: str, name: str, card: Card, target: str = "#draft", **extra: Any
) -> SafeString:
    """A form that posts one action on a draft: plain without JavaScript, a swap with it."""
    args = (card.conversation_id, card.n) if name.startswith("draft") else (card.conversation_id,)
    fields = "".join(
        format_html('<input type="hidden" name="{}" value="{}">', field, value)
        for field, value in {"version": card.version, **extra}.items()
        if field not in ("id", "cls")
    )
    return format_html(
        '<form method="post" action="{url}"{id} class="{cls}" hx-post="{url}" hx-target="{target}"'
        ' hx-swap="outerHTML"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">{fields}'
        "{content}</form>",
        url=reverse(name, args=args),
        id=format_html(' id="{}"', extra["id"]) if "id" in extra else "",
        cls=extra.get("cls", "act"),
        target=target,
        token=context.get("csrf_token", ""),
        fields=mark_safe(fields),
        content=mark_safe(content),
    )


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b}"


@register.filter
def clock(moment: datetime | None) -> str:
    """10:38 today, "19 Nov, 16:20" this year, "2 Oct 2025" before."""
    if moment is None:
        return ""
    then, now = _local(moment), _local(timezone.now())
    if then.date() == now.date():
        return f"{then:%H:%M}"
    return f"{_day(then)}, {then:%H:%M}" if then.year == now.year else f"{_day(then)} {then.year}"


@register.filter
def ago(moment: datetime | None) -> str:
    """Such as "3 min ago", "4 h ago", "4 days ago", then the day."""
    if moment is None:
        return ""
    gone = timezone.now() - moment
    if gone < timedelta(minutes=1):
        return "just now"
    if gone < timedelta(hours=1):
        return f"{gone // timedelta(minutes=1)} min ago"
    if gone < timedelta(days=1):
        return f"{gone // timedelta(hours=1)} h ago"
    if gone < timedelta(days=8):
        return f"{gone.days} day{'s' if gone.days > 1 else ''} ago"
    then = _local(moment)
    return _day(then) if then.year == _local(timezone.now()).year else f"{_day(then)} {then.year}"


BY_THE_CLOCK = timedelta(hours=12)  # so long a wait is told in hours, a longer one by its day


@register.filter
def waited(since: datetime | None) -> str:
    """How long somebody has waited: "6 min", "1 h 12", then the weekday, then the day."""
    if since is None:
        return ""
    gone = timezone.now() - since
    minutes = max(0, int(gone.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    if gone < BY_THE_CLOCK:
        return f"{minutes // 60} h {minutes % 60:02d}"
    then = _local(since)
    return f"{then:%a}" if gone < timedelta(days=6) else _day(then)


def has_waited(since: datetime | None) -> str:
    """In a sentence: "has waited 6 min", "has waited since Sun"."""
    if since is None:
        return "waits"
    long = timezone.now() - since >= BY_THE_CLOCK
    return f"has waited {'since ' if long else ''}{waited(since)}"


@register.filter
def iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
