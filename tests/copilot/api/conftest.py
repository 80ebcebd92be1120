"""Fixtures of the API's tests: a conversation with a ready draft, and programs that ask about it.

pytest may read this before the settings are there, so models are imported where they are used.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from copilot.models import Draft
    from interactions.models import Connection, Conversation
    from tests.cast import Cast
    from tests.copilot.api.calling import Program


@pytest.fixture(autouse=True)
def unhurried() -> Iterator[None]:
    """No test pays for the requests of another."""
    from django.core.cache import cache

    cache.clear()
    yield


@pytest.fixture
def conversation(cast: "Cast", connection: "Connection") -> "Conversation":
    from tests.factories import a_conversation

    return a_conversation(team=cast.support, contact=cast.sigrid, connection=connection, subject="My order")


@pytest.fixture
def draft(conversation: "Conversation") -> "Draft":
    from tests.copilot.api.calling import a_draft

    return a_draft(conversation=conversation)


@pytest.fixture
def ines(cast: "Cast") -> "Program":
    """The program of an agent who answers the conversation."""
    from tests.copilot.api.calling import program_of

    return program_of(cast.ines)


@pytest.fixture
def lukas(cast: "Cast") -> "Program":
    """The program of a stranger: an agent of another team."""
    from tests.copilot.api.calling import program_of

    return program_of(cast.lukas)


@pytest.fixture
def petra(cast: "Cast") -> "Program":
    """The program of the team's lead."""
    from tests.copilot.api.calling import program_of

    return program_of(cast.petra)


@pytest.fixture
def ada(cast: "Cast") -> "Program":
    """The program of an admin."""
    from tests.copilot.api.calling import program_of

    return program_of(cast.ada)


@pytest.fixture
def crm_program(connection: "Connection") -> "Program":
    from tests.copilot.api.calling import program_of_connection

    return program_of_connection(connection)
