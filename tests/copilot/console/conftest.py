"""Signed-in people, and a conversation with a ready draft.

pytest may read this before the settings are there, so models are imported where they are used.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from copilot.models import Draft
    from interactions.models import Conversation
    from tests.cast import Cast
    from tests.copilot.console.made import SignIn


@pytest.fixture
def sign_in() -> "SignIn":
    from django.test import Client

    from people.models import User

    def signed_in(person: User) -> Client:
        client = Client()
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return signed_in


@pytest.fixture
def talk(cast: "Cast") -> "Conversation":
    """Sigrid asks about her contract."""
    from django.utils import timezone

    from tests.factories import a_conversation, a_message

    conversation = a_conversation(
        team=cast.support, contact=cast.sigrid, subject="When does our contract end?",
        waiting_since=timezone.now() - timedelta(minutes=20),
    )  # fmt: skip
    a_message(conversation=conversation, text="When does our contract end? Kind regards, Sigrid")
    return conversation


@pytest.fixture
def draft(talk: "Conversation") -> "Draft":
    from tests.copilot.console.made import a_draft

    return a_draft(conversation=talk)
