"""The sample's own side: teams, people, their sign-ins, the CRM connection, what they know."""

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from copilot.models import Article, ReleaseRule, SavedReply
from copilot.sample.cast import Cast, read, read_articles
from interactions.crm.signing import new_secret
from interactions.models import Connection
from people.models import ApiKey, Membership, Role, Scope, Team, User

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def add_people(cast: Cast) -> list[dict[str, Any]]:
    """Teams and people; returns their sign-ins, the only place where a password is in clear."""
    company = read("company.toml")
    for row in company["team"]:
        cast.teams[row["key"]] = Team(
            name=row["name"], slug=row["key"], email=row["address"], time_zone=row["zone"],
            business_hours={str(_WEEK.index(d)): [row["opens"], row["closes"]] for d in row["days"]},
            signature=f"{company['name']} {row['name']}",
        )  # fmt: skip
    Team.objects.bulk_create(cast.teams.values())
    sign_ins = [_person(cast, row, company["domain"]) for row in company["person"]]
    User.objects.bulk_create(cast.people.values())
    members = [row for row in company["person"] if "team" in row]
    Membership.objects.bulk_create(
        Membership(user=cast.people[row["key"]], team=cast.teams[row["team"]], role=Role(row["role"]))
        for row in members
    )
    return sign_ins


def _person(cast: Cast, row: dict[str, Any], domain: str) -> dict[str, Any]:
    """A random password of 128 bits needs no stretching; the first sign-in stores it as usual."""
    password = secrets.token_urlsafe(16)
    hasher = PBKDF2PasswordHasher()
    email = f"{row['name'].replace(' ', '.').lower()}@{domain}"
    team = cast.teams.get(row.get("team", ""))
    cast.people[row["key"]] = User(
        email=email, name=row["name"], is_admin=row["role"] == "admin",
        time_zone=team.time_zone if team else str(cast.days.zone),
        password=hasher.encode(password, hasher.salt(), iterations=10_000),
    )  # fmt: skip
    name = team.name if team else ""
    return {"email": email, "password": password, "role": row["role"], "team": name}


def add_connection(cast: Cast) -> dict[str, str]:
    """The CRM's door; without `deliver_to` its replies leave by email."""
    about = read("company.toml")["connection"]
    key, text = ApiKey.make(about["name"], [Scope.READ, Scope.WRITE])
    secret = new_secret()
    cast.connection = Connection(
        name=about["name"], kind=about["kind"], team=cast.teams[about["team"]], api_key=key
    )
    cast.connection.set_secrets([secret])
    cast.connection.save()
    url = f"{settings.PUBLIC_URL}/webhooks/{cast.connection.pk}"
    return {"id": str(cast.connection.pk), "url": url, "secret": secret, "api_key": text}


def key_of_lead(cast: Cast) -> str:
    """A key that may decide, of the lead of the team to which the connection routes."""
    lead = Membership.objects.select_related("user").get(team=cast.connection.team, role=Role.LEAD)
    return ApiKey.make("Sample key", [Scope.READ, Scope.WRITE, Scope.DECIDE], lead.user)[1]


def add_release_rule(cast: Cast) -> None:
    rule = read("company.toml")["second_approver"]
    ReleaseRule.objects.create(
        team=cast.teams[rule["team"]], above=rule["above"], by=rule["by"], reason=rule["reason"],
        set_by=cast.people[rule["set_by"]],
    )  # fmt: skip


def add_knowledge(cast: Cast) -> None:
    """Articles and saved replies, each last touched on a day of its own."""
    articles, replies = read_articles(), read("replies.toml")["reply"]
    leads = [cast.people[key] for key in ("ines", "noor", "hugo")]
    Article.objects.bulk_create(
        Article(
            title=title, body=body, owner=leads[number % 3],
            updated_at=cast.days.now - timedelta(days=11 + 17 * number),
            review_by=cast.days.day("today") + timedelta(days=330 - 23 * number),
        )
        for number, (title, body) in enumerate(articles)
    )  # fmt: skip
    SavedReply.objects.bulk_create(
        SavedReply(
            team=cast.teams[row["team"]], title=row["title"], text=row["text"],
            language=row.get("language", "en"),
            updated_at=cast.days.now - timedelta(days=30 + 13 * number),
        )
        for number, row in enumerate(replies)
    )  # fmt: skip
