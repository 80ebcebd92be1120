"""Write articles and saved replies. Every wording is kept: a rewrite adds a version and takes none away."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from copilot.models import Article, SavedReply, TextVersion
from people.audit import note_deed
from people.models import ApiKey, Team, User

LONGEST_TEXT = 200_000  # characters
LONGEST_TITLE = 200

type Text = Article | SavedReply


def wording(text: Text) -> str:
    return text.body if isinstance(text, Article) else text.text


def column(text: Text) -> str:
    return "body" if isinstance(text, Article) else "text"


def kind(text: Text) -> str:
    return "article" if isinstance(text, Article) else "saved_reply"


@transaction.atomic
def new_article(
    person: User | None, title: str, body: str, teams: Iterable[Team] = (), key: ApiKey | None = None,
    **about: Any,
) -> Article:  # fmt: skip
    """Without teams it is for all. `about`: owner, review_by, language, path."""
    article = Article.objects.create(title=title, body=clean(body), updated_at=timezone.now(), **about)
    article.teams.set(teams)
    _keep_version(article, person)
    note_deed(person, "wrote article", article, key=key)
    return article


@transaction.atomic
def new_saved_reply(
    person: User | None, team: Team, title: str, text: str, key: ApiKey | None = None, **about: Any
) -> SavedReply:
    made = SavedReply.objects.create(
        team=team, title=title, text=clean(text), updated_at=timezone.now(), **about
    )
    _keep_version(made, person)
    note_deed(person, "wrote saved reply", made, key=key)
    return made


def clean(text: str) -> str:
    """PostgreSQL refuses NUL, and line ends of other systems would look like changes."""
    return text.replace("\x00", "\ufffd").replace("\r\n", "\n").replace("\r", "\n").strip()


@transaction.atomic
def rewrite(
    text: Text,
    person: User | None,
    version: int,
    title: str,
    body: str,
    why: str = "",
    key: ApiKey | None = None,
) -> bool:
    """The next version; False when it is no longer of the `version` that the person looked at.

    What says the same as before makes no version.
    """
    body = clean(body)
    held = type(text).objects.select_for_update(of=("self",)).filter(pk=text.pk, version=version).first()
    if held is None:
        return False
    if (held.title, wording(held)) == (title, body):
        return True
    if not held.versions.filter(n=version).exists():  # written before versions were kept
        _keep_version(held, None)
    told: dict[str, Any] = {
        "title": title,
        column(text): body,
        "version": version + 1,
        "updated_at": timezone.now(),
    }
    type(text).objects.filter(pk=text.pk).update(**told, embedded_with="")
    for name, value in told.items():
        setattr(text, name, value)
    _keep_version(text, person, why)
    note_deed(person, f"rewrote {kind(text).replace('_', ' ')}", text, key=key, version=text.version)
    return True


def restore(text: Text, person: User, version: int, n: int, key: ApiKey | None = None) -> bool:
    """Version `n` again, as a new one; False when the text has moved on or has no such version."""
    old = text.versions.filter(n=n).first()
    return old is not None and rewrite(
        text, person, version, old.title, old.text, why=f"Version {n} again", key=key
    )  # fmt: skip


@transaction.atomic
def describe(
    text: Text, person: User | None, about: Mapping[str, Any], teams: Iterable[Team] | None = None,
    key: ApiKey | None = None,
) -> None:  # fmt: skip
    """Its owner, review-by date, language, and an article's teams (empty: all); none of it makes a version."""
    changed = {name: value for name, value in about.items() if getattr(text, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(text, name, value)
        due = {"embedded_with": ""} if "language" in changed else {}
        type(text).objects.filter(pk=text.pk).update(**changed, **due)
    if teams is not None and isinstance(text, Article):
        text.teams.set(teams)
    if changed or teams is not None:
        note_deed(person, f"described {kind(text).replace('_', ' ')}", text, key=key, fields=sorted(changed))


@transaction.atomic
def retire(text: Text, person: User, key: ApiKey | None = None, *, back: bool = False) -> bool:
    """No draft draws on it from now on, or again with `back`; False where that is so already."""
    rows = type(text).objects.filter(pk=text.pk, retired_at__isnull=not back)
    if not rows.update(retired_at=None if back else Now()):
        return False
    note_deed(person, "brought back" if back else "retired", text, key=key)
    return True


def _keep_version(text: Text, person: User | None, why: str = "") -> TextVersion:
    return TextVersion.objects.create(
        **{kind(text): text}, n=text.version, title=text.title, text=wording(text), by=person,
        why=why[:300], at=text.updated_at,
    )  # fmt: skip


def review_is_due(review_by: date | None) -> bool:
    """Whether the day on which somebody was to read it again is over."""
    return review_by is not None and review_by < timezone.localdate()
