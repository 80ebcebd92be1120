"""The people of the tests, by name: a support team that most stories are about, and a sales team beside it."""

from dataclasses import dataclass
from typing import Self

import pytest

from customers.models import Account, Contact
from interactions.models import Connection
from people.models import Role, Team, User
from tests.factories import a_connection, a_contact, a_person, a_team, an_account


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
        karim = a_person(name="Karim Haddad", team=support, role=Role.ACCOUNT_MANAGER)
        fjord = an_account(name="Fjord Shipping", teams=(support,), manager=karim)
        bright = an_account(name="Bright Dental", teams=(sales,))
        return cls(
            support=support, sales=sales, karim=karim, fjord=fjord, bright=bright,
            ines=a_person(name="Ines Duarte", team=support),
            tomas=a_person(name="Tomas Lind", team=support),
            petra=a_person(name="Petra Novak", team=support, role=Role.LEAD),
            lukas=a_person(name="Lukas Brandt", team=sales),
            wanda=a_person(name="Wanda Okoro", team=sales, role=Role.LEAD),
            ada=a_person(name="Ada Quist", is_admin=True),
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
