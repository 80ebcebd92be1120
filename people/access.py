"""What a person is in which team. Other rooms build their own row filters from this."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from people.models import Membership, Role, Team, User
from prepared import prepared


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's roles, read once a request."""

    user_id: int
    is_admin: bool
    reads_all: bool
    agent_teams: frozenset[int]
    manager_teams: frozenset[int]
    lead_teams: frozenset[int]

    @property
    def teams(self) -> frozenset[int]:
        return self.agent_teams | self.manager_teams | self.lead_teams

    @property
    def inbox_teams(self) -> frozenset[int]:
        """Teams whose whole inbox the person works in."""
        return self.agent_teams | self.lead_teams

    @property
    def is_manager(self) -> bool:
        return bool(self.manager_teams)

    @property
    def is_lead(self) -> bool:
        return bool(self.lead_teams)

    def role_name(self) -> str:
        """The word for this person's strongest role, as screens and access.json show it."""
        if self.is_admin:
            return "admin"
        if self.lead_teams:
            return Role.LEAD.value
        return Role.ACCOUNT_MANAGER.value if self.manager_teams else Role.AGENT.value


def standing(user: User) -> Standing:
    return _standing(user, _roles(user=user.pk) if user.is_active else ())


@prepared
def _roles(*, user: int) -> QuerySet[Membership, tuple[int, str]]:
    return Membership.objects.filter(user=user).values_list("team_id", "role")


def _standing(user: User, rows: Iterable[tuple[int, str]]) -> Standing:
    by_role: dict[str, set[int]] = {role: set() for role in Role.values}
    for team, role in rows:
        by_role[role].add(team)
    is_admin = user.is_admin and user.is_active
    return Standing(
        user_id=user.pk,
        is_admin=is_admin,
        reads_all=is_admin and user.may_read_conversations,
        agent_teams=frozenset(by_role[Role.AGENT]),
        manager_teams=frozenset(by_role[Role.ACCOUNT_MANAGER]),
        lead_teams=frozenset(by_role[Role.LEAD]),
    )


def visible_teams(who: Standing) -> QuerySet[Team]:
    return Team.objects.all() if who.is_admin else Team.objects.filter(pk__in=who.teams)


def visible_people(who: Standing) -> QuerySet[User]:
    """Colleagues are visible to each other: escalations cross teams."""
    return User.objects.filter(is_active=True)
