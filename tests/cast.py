"""The people of the tests, by name: a support team that most stories are about, and a sales team beside it."""

from dataclasses import dataclass
from typing import Self

import pytest

from customers.models import Account, Contact
from interactions.models import Connection
from people.models import Membership, Role, Team, User
from tests.factories import a_connection, a_contact, a_team, an_account, unsaved_person


@dataclass(frozen=True)
class Cast:
    support: Team
    sales: Team
    ines: User  # agent in support
    tomas: User  # the other agent in support
    petra: User  # lead of support
    karim: User  # account manager in support
    lukas: User  # agent in sales: a stranger to support's rows
    wanda: User  # lead of sales
    ada: User  # admin, reads no mail
    fjord: Account  # a customer of support, looked after by Karim
    sigrid: Contact  # writes for Fjord
    bright: Account  # a customer of sales
    owen: Contact  # writes for Bright

    @classmethod
    def gather(cls) -> Self:
        support, sales = a_team(name="Support"), a_team(name="Sales")
        names = ("Ines Duarte", "Tomas Lind", "Petra Novak", "Karim Haddad", "Lukas Brandt", "Wanda Okoro")
        people = [unsaved_person(name=name) for name in names]
        people.append(unsaved_person(name="Ada Quist", is_admin=True))
        ines, tomas, petra, karim, lukas, wanda, ada = User.objects.bulk_create(people)
        roles = (
            (ines, support, Role.AGENT), (tomas, support, Role.AGENT), (petra, support, Role.LEAD),
            (karim, support, Role.ACCOUNT_MANAGER), (lukas, sales, Role.AGENT), (wanda, sales, Role.LEAD),
        )  # fmt: skip
        Membership.objects.bulk_create(
            [Membership(user=person, team=team, role=role) for person, team, role in roles]
        )
        fjord = an_account(name="Fjord Shipping", teams=(support,), manager=karim)
        bright = an_account(name="Bright Dental", teams=(sales,))
        return cls(
            support=support, sales=sales, karim=karim, fjord=fjord, bright=bright,
            ines=ines, tomas=tomas, petra=petra, lukas=lukas, wanda=wanda, ada=ada,
            sigrid=a_contact(name="Sigrid Moe", account=fjord),
            owen=a_contact(name="Owen Pryce", account=bright),
        )  # fmt: skip


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.gather()


@pytest.fixture
def connection(cast: Cast) -> Connection:
    """The generic CRM of the support team; it listens nowhere until a test says so."""
    return a_connection(team=cast.support)
