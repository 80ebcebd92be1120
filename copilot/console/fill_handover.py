"""The question that an escalation asks."""

from copilot.console.cards import Choice, Handover
from copilot.console.fill_card import card
from copilot.console.fill_rows import colleague
from copilot.console.scene import Scene
from copilot.console.visit import Visit
from interactions.models import Escalation
from people.access import visible_people
from people.models import Role, Team, User

_RANK = {Role.LEAD: 0, Role.AGENT: 1, Role.ACCOUNT_MANAGER: 2}


def handover(visit: Visit, scene: Scene, problem: str = "") -> Handover:
    post = visit.request.POST
    people = visible_people(visit.who).exclude(pk=visit.person.pk).prefetch_related("memberships__team")
    to, reason = post.get("to", ""), post.get("reason", "")
    own = {scene.conversation.team_id}
    receivers = [_person(one, to) for one in sorted(people, key=lambda one: _order(one, own))]
    receivers += [_team(one, to) for one in Team.objects.all()]
    return Handover(
        card=card(scene),
        receivers=tuple(one for one in receivers if one.note),
        reasons=tuple(Choice(v, w, chosen=v == reason) for v, w in Escalation.Reason.choices),
        question=post.get("question", ""),
        problem=problem,
    )


def _team(team: Team, chosen: str) -> Choice:
    value = f"team:{team.pk}"
    return Choice(value, team.name, "the whole team", chosen=value == chosen)


def _person(user: User, chosen: str) -> Choice:
    roles = [f"{m.get_role_display()}, {m.team.name}" for m in user.memberships.all()]
    value = f"user:{user.pk}"
    return Choice(value, user.name, "; ".join(roles), colleague(user), chosen=value == chosen)


def _order(user: User, teams: set[int]) -> tuple[bool, int, str]:
    """The own team first, its lead at the top."""
    members = user.memberships.all()
    rank = min((_RANK[Role(m.role)] for m in members), default=9)
    return not any(m.team_id in teams for m in members), rank, user.name
