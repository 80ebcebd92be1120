"""Offer an article or a saved reply of one team to the others: its words without customers' details, and how
the replies that drew on it fared."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

from django.db import transaction
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Length, StrIndex

from copilot.knowledge.texts import Text, wording
from copilot.learning.moves import Refused
from copilot.models import Article, Offer, SavedReply, Signal
from customers.models import Account, Contact, Record
from people.audit import note_deed
from people.models import ApiKey, Team, User

SHORTEST = 4  # characters of a name, address or number that is looked for
PRIVATE: tuple[tuple[type[Contact | Account | Record], str, str], ...] = (
    (Contact, "name", "name"), (Contact, "email", "email"), (Contact, "phone", "phone"),
    (Account, "name", "name"), (Record, "external_id", "id"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fared:
    """Of a team's settled replies whose draft drew on a text: how many went out as drafted, of how many, in
    how many conversations."""

    kept: int = 0
    of: int = 0
    talks: int = 0


@transaction.atomic
def offer_text(text: Text, person: User, leads: Iterable[int] | None, key: ApiKey | None = None) -> list[Offer]:
    """To every team that neither uses it nor was offered it. `leads`: the teams that the person
    speaks for, None for all."""
    home = _home(text, leads)
    if text.retired_at or home is None:
        raise Refused("It is retired, or every team uses it already. Nothing was changed.")
    told = key_of(text)
    others = Team.objects.exclude(pk__in=users_of(text)).exclude(offers__key=told)
    rows = [of_text(text, home, team) for team in others]
    if not rows:
        raise Refused("Every other team uses it or was offered it already. Nothing was changed.")
    made = Offer.objects.bulk_create(rows)
    note_deed(person, f"offered {'article' if isinstance(text, Article) else 'saved reply'}", text, key=key)
    return made


def key_of(text: Text) -> str:
    return sha256(source_id(text).encode()).hexdigest()


def source_id(text: Text) -> str:
    """As drafts and signals name it among their sources."""
    return f"{'a' if isinstance(text, Article) else 's'}{text.pk}"


def users_of(text: Text) -> QuerySet[Team]:
    """Whose drafts draw on it, those included that took it over."""
    if isinstance(text, SavedReply):
        made = Team.objects.filter(offers__key=key_of(text), offers__made_reply__isnull=False)
        return Team.objects.filter(pk=text.team_id) | made
    made = Team.objects.filter(offers__key=key_of(text), offers__made_article__isnull=False)
    own = Team.objects.filter(pk__in=text.teams.values("pk"))
    return own | made if own.exists() else Team.objects.all()


def _home(text: Text, leads: Iterable[int] | None) -> Team | None:
    """The team that offers it; what is for all teams has none."""
    if isinstance(text, SavedReply):
        return text.team
    own = text.teams.order_by("pk")
    return (own if leads is None else own.filter(pk__in=leads)).first() or own.first()


def of_text(text: Text, home: Team, team: Team) -> Offer:
    fared = fared_of(text, home.pk)
    is_article = isinstance(text, Article)
    return Offer(
        kind=Offer.Kind.ARTICLE if is_article else Offer.Kind.SAVED, from_team=home, team=team,
        heading=masked(text.title)[:200], body=masked(wording(text)), language=text.language, key=key_of(text),
        agree=fared.talks, kept=fared.kept, of=fared.of, **{"article" if is_article else "saved_reply": text},
    )  # fmt: skip


def fared_of(text: Text, team_id: int) -> Fared:
    rows = Signal.objects.filter(
        team=team_id, state=Signal.State.SETTLED, sources__contains=[source_id(text)], message=None
    ).values_list("conversation", "distance")
    told = list(rows)
    return Fared(sum(far == 0 for _, far in told), len(told), len({talk for talk, _ in told}))


def masked(text: str) -> str:
    """Without whatever stands in a customer's own rows: names, addresses, telephone numbers, order numbers."""
    found = chain.from_iterable(
        ((said, slot) for said in _standing_in(text, model, column)) for model, column, slot in PRIVATE
    )
    for said, slot in sorted(set(found), key=lambda one: -len(one[0])):
        text = re.sub(rf"(?<!\w){re.escape(said)}(?!\w)", f"{{{slot}}}", text)
    return text


def _standing_in(text: str, model: type[Contact | Account | Record], column: str) -> Iterable[str]:
    said = Value(text, output_field=TextField())
    place = StrIndex(said, F(column))
    rows = model._default_manager.annotate(place=place, size=Length(column))
    return rows.filter(place__gt=0, size__gte=SHORTEST).values_list(column, flat=True).distinct()
