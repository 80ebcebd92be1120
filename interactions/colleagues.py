"""Who a CRM's agent is here, and whom the CRM knows a person as."""

from interactions.crm.base import Agent
from interactions.models import AgentLink, Connection
from people.models import User


def person_of(connection: Connection, agent: Agent) -> User | None:
    """The person an admin mapped the agent to; else who has the same address. Remembers the agent."""
    if not agent.external_id:
        return _by_email(agent.email)
    link = AgentLink.objects.filter(connection=connection, external_id=agent.external_id).select_related("user")
    known = link.first()
    if known is None:
        known = AgentLink.objects.create(
            connection=connection, external_id=agent.external_id, name=agent.name[:200],
            email=agent.email[:254], user=_by_email(agent.email),
        )  # fmt: skip
    elif agent.email and not known.email:  # it was first heard of by its number alone
        known.name, known.email = known.name or agent.name[:200], agent.email[:254]
        known.user = known.user or _by_email(agent.email)
        known.save(update_fields=["name", "email", "user"])
    return known.user


def _by_email(email: str) -> User | None:
    return User.objects.filter(email=email.lower(), is_active=True).first() if email else None


def agent_of(connection: Connection, person: User | None) -> Agent | None:
    """The agent that was mapped to the person; None where nobody was."""
    link = (
        AgentLink.objects.filter(connection=connection, user=person).order_by("pk").first() if person else None
    )
    return Agent(link.external_id, link.name, link.email) if link else None
