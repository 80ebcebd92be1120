"""Who works here: an admin adds people, gives them roles in teams, and lets them go."""

import secrets
from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console.cards import Choice
from copilot.console.fill_rows import colleague
from copilot.console.rows import MemberLine
from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, is_admin, page
from copilot.templatetags.rapport import ago
from people.audit import note_deed
from people.models import Membership, Role, Team, User


@page(allowed=is_admin)
def people(visit: Visit) -> HttpResponse:
    return show_people(visit)


def show_people(
    visit: Visit, *, problem: str = "", password: str = "", newcomer: User | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    rows = User.objects.prefetch_related("memberships__team").order_by("-is_active", "name")
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-people"),
        "members": [_line(one) for one in rows],
        "teams": Team.objects.all(),
        "roles": [Choice(value, label) for value, label in Role.choices],
        "problem": problem,
        "password": password,
        "newcomer": newcomer,
        "typed": visit.request.POST if problem else {},
    }
    return visit.show("settings_people.html", context, status)


def _line(user: User) -> MemberLine:
    roles = [f"{m.get_role_display()}, {m.team.name}" for m in user.memberships.all()]
    admin = ["Admin"] if user.is_admin else []
    reader = ["Reads conversations"] if user.may_read_conversations else []
    gone = [] if user.is_active else ["Left"]
    return MemberLine(
        person=colleague(user),
        email=user.email,
        roles=(*gone, *admin, *reader, *roles),
        seen=ago(user.last_login) or "never",
        is_active=user.is_active,
    )


@page("POST", allowed=is_admin)
def add(visit: Visit) -> HttpResponse:
    """A newcomer gets a password that is shown here once; the first thing to do is to change it."""
    post = visit.request.POST
    name, email = post.get("name", "").strip()[:120], post.get("email", "").strip().lower()
    problem = _what_is_wrong(name, email)
    if problem:
        return show_people(visit, problem=problem, status=422)
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        newcomer = User.objects.create_user(email, password, name=name, is_admin="is_admin" in post)
        _join(newcomer, post.get("team", ""), post.get("role", ""))
        note_deed(visit.person, "added person", newcomer)
    return show_people(visit, password=password, newcomer=newcomer)


def _what_is_wrong(name: str, email: str) -> str:
    if not name:
        return "A person needs a name. Nobody was added."
    try:
        validate_email(email)
    except ValidationError:
        return f"“{email[:80]}” is not an email address. Nobody was added."
    if User.objects.filter(email=email).exists():
        return f"{email} is here already. Nobody was added."
    return ""


def _join(user: User, team: str, role: str) -> None:
    found = Team.objects.filter(pk=team).first() if team.isdigit() else None
    if found and role in Role.values:
        Membership.objects.update_or_create(user=user, team=found, defaults={"role": role})


@page("GET", "HEAD", "POST", allowed=is_admin)
def person(visit: Visit, user_id: int) -> HttpResponse:
    """One colleague's roles, and whether they are still here."""
    found = User.objects.filter(pk=user_id).first()
    if found is None:
        raise Http404
    if visit.request.method != "POST":
        return _show_person(visit, found)
    problem = _keep(visit, found)
    if problem:
        return _show_person(visit, found, problem, 422)
    messages.success(visit.request, f"Kept for {found.name}.")
    return visit.go(reverse("settings-people"))


def _show_person(visit: Visit, found: User, problem: str = "", status: int = 200) -> HttpResponse:
    roles = dict(found.memberships.values_list("team_id", "role"))
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-people"),
        "member": found,
        "person": colleague(found),
        "lines": [(team, _roles(roles.get(team.pk, ""))) for team in Team.objects.all()],
        "problem": problem,
    }
    return visit.show("settings_person.html", context, status)


def _roles(chosen: str) -> Iterable[Choice]:
    return [Choice(v, w, chosen=v == chosen) for v, w in [("", "Not in this team"), *Role.choices]]


@transaction.atomic
def _keep(visit: Visit, found: User) -> str:
    post = visit.request.POST
    active, admin = "is_active" in post, "is_admin" in post
    if found.is_active and found.is_admin and not (active and admin) and _is_last_admin(found):
        return "This is the last admin. Make somebody else an admin first; nothing was changed."
    found.is_active, found.is_admin = active, admin
    found.may_read_conversations = admin and "may_read_conversations" in post
    found.save(update_fields=["is_active", "is_admin", "may_read_conversations"])
    for team in Team.objects.all():
        role = post.get(f"role-{team.pk}", "")
        if role in Role.values:
            Membership.objects.update_or_create(user=found, team=team, defaults={"role": role})
        else:
            Membership.objects.filter(user=found, team=team).delete()
    note_deed(
        visit.person, "changed person", found, is_active=active, is_admin=admin,
        reads=found.may_read_conversations, roles=dict(found.memberships.values_list("team__slug", "role")),
    )  # fmt: skip
    return ""


def _is_last_admin(found: User) -> bool:
    return not User.objects.filter(is_admin=True, is_active=True).exclude(pk=found.pk).exists()


@page("POST", allowed=is_admin)
def new_team(visit: Visit) -> HttpResponse:
    """A team, with the address that its replies come from."""
    post = visit.request.POST
    name, email = post.get("name", "").strip()[:80], post.get("email", "").strip()
    slug = "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())[:50]
    if not slug or Team.objects.filter(name=name).exists() or Team.objects.filter(slug=slug).exists():
        problem = "A team needs a name that no other team has. None was made."
        return show_people(visit, problem=problem, status=422)
    team = Team.objects.create(name=name, slug=slug, email=email, time_zone=visit.person.time_zone)
    note_deed(visit.person, "made team", team)
    messages.success(visit.request, f"The team {name} is here.")
    return visit.go(reverse("settings-people"))
