"""The live stream, over the real server: what an open page hears, and when."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import redis
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

import bell
from copilot.drafting.moves import grow, move
from copilot.models import Draft
from interactions.models import Conversation
from people.models import User
from tests.cast import Cast
from tests.copilot.console.made import a_draft
from tests.factories import a_conversation, a_message

pytestmark = [pytest.mark.django_db(transaction=True)]


def cookie_of(person: User) -> dict[str, str]:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key)}


class Hearing:
    """The events of one open stream, as they come."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def next(self, *names: str) -> tuple[str, dict[str, Any]]:
        """The next event, or the next one of these names."""
        name = ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and (not names or name in names):
                return name, json.loads(line.removeprefix("data: "))
        raise AssertionError("The stream ended.")


@contextmanager
def listening(website: str, person: User, query: str = "") -> Iterator[Hearing]:
    with (
        httpx.Client(trust_env=False, verify=False, cookies=cookie_of(person), timeout=10) as client,
        client.stream("GET", f"{website}/live/{query}") as stream,
    ):
        assert stream.status_code == 200, stream.status_code
        assert stream.headers["content-type"] == "text/event-stream"
        yield Hearing(stream.iter_lines())


@pytest.fixture
def streaming(cast: Cast, talk: Conversation) -> Draft:
    return a_draft(conversation=talk, state=Draft.State.STREAMING, text="Hi", fence=1, sources=[], checks=[])


def test_a_stream_opens_with_a_snapshot(website: str, cast: Cast, draft: Draft) -> None:
    with listening(website, cast.ines, f"?c={draft.conversation_id}") as page:
        name, data = page.next()

    assert name == "snapshot"
    assert (data["draft"], data["version"]) == (1, draft.version)
    assert 'data-state="ready"' in data["html"]


def test_text_grows_on_the_page_as_it_is_written(website: str, cast: Cast, streaming: Draft) -> None:
    with listening(website, cast.ines, f"?c={streaming.conversation_id}") as page:
        page.next("snapshot")
        grow(streaming, "Hi Sigrid,")
        name, data = page.next()

    assert name == "text"
    assert data == {"draft": 1, "version": streaming.version + 1, "text": "Hi Sigrid,"}


def test_the_first_words_go_ahead_of_their_card(website: str, cast: Cast, talk: Conversation) -> None:
    thinking = a_draft(conversation=talk, state=Draft.State.THINKING, text="", fence=1, sources=[], checks=[])
    with listening(website, cast.ines, f"?c={talk.pk}") as page:
        page.next("snapshot")
        grow(thinking, "Hi")
        first, words = page.next("text", "card")
        second, card = page.next("text", "card")

    assert (first, words["text"]) == ("text", "Hi")
    assert second == "card" and 'data-state="streaming"' in card["html"]
    assert card["version"] == words["version"]


def test_a_change_of_state_is_a_new_card_within_a_moment(website: str, cast: Cast, streaming: Draft) -> None:
    with listening(website, cast.ines, f"?c={streaming.conversation_id}") as page:
        page.next("snapshot")
        time.sleep(0.5)
        began = time.monotonic()
        move(streaming, Draft.State.READY)
        _, data = page.next("card")
        took = time.monotonic() - began

    assert 'data-state="ready"' in data["html"]
    assert data["version"] == streaming.version
    assert took < 0.5


def test_a_new_message_arrives_with_its_letter(website: str, cast: Cast, draft: Draft) -> None:
    conversation = draft.conversation
    with listening(website, cast.ines, f"?c={conversation.pk}") as page:
        page.next("snapshot")
        a_message(conversation=conversation, text="One more thing.")
        Conversation.objects.filter(pk=conversation.pk).update(version=9)
        bell.tell(f"conversation:{conversation.pk}", 9)
        _, data = page.next("message")

    assert "One more thing." in data["html"]


def test_a_new_conversation_is_announced_to_the_list(website: str, cast: Cast, talk: Conversation) -> None:
    with listening(website, cast.ines, "?view=team") as page:
        page.next("snapshot")
        a_conversation(team=cast.support, subject="Just in")
        bell.tell(f"inbox:{cast.support.pk}", 1)
        _, data = page.next("list")

    assert data["changed"] == 1


def test_a_row_changes_in_place(website: str, cast: Cast, streaming: Draft) -> None:
    with listening(website, cast.ines, "?view=team") as page:
        page.next("snapshot")
        move(streaming, Draft.State.READY)
        _, data = page.next("list")

    assert data["changed"] == 0
    assert f'id="row-{streaming.conversation_id}"' in data["html"]
    assert "Draft ready" in data["html"]


def test_who_shows_only_finished_drafts_sees_no_text_growing(
    website: str, cast: Cast, streaming: Draft
) -> None:
    cast.ines.only_finished_drafts = True
    cast.ines.save()

    with listening(website, cast.ines, f"?c={streaming.conversation_id}") as page:
        page.next("snapshot")
        grow(streaming, "Hi Sigrid,")
        move(streaming, Draft.State.READY)
        name, data = page.next()

    assert name == "card"
    assert 'data-state="ready"' in data["html"]


def test_strangers_and_the_unknown_are_told_404(website: str, cast: Cast, talk: Conversation) -> None:
    url = f"{website}/live/?c={talk.pk}"

    assert httpx.get(url, trust_env=False).status_code == 404
    for person in (cast.lukas, cast.ada):
        assert httpx.get(url, cookies=cookie_of(person), trust_env=False).status_code == 404
    assert httpx.post(url, trust_env=False).status_code in (403, 405)


def test_closing_the_page_ends_its_subscription(website: str, cast: Cast, draft: Draft) -> None:
    channel = bell.channel(f"conversation:{draft.conversation_id}").encode()
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:

        def heard_by(number: int) -> bool:
            end = time.monotonic() + 5
            while client.pubsub_numsub(channel) != [(channel, number)] and time.monotonic() < end:
                time.sleep(0.05)
            return client.pubsub_numsub(channel) == [(channel, number)]

        with listening(website, cast.ines, f"?c={draft.conversation_id}") as page:
            page.next("snapshot")
            assert heard_by(1)
        assert heard_by(0)


def test_many_open_pages_leave_the_database_free(website: str, cast: Cast, draft: Draft) -> None:
    """Twenty streams are more than the pool has connections; a page must still come at once."""
    cookies = cookie_of(cast.ines)
    clients = [httpx.Client(trust_env=False, verify=False, cookies=cookies, timeout=10) for _ in range(20)]
    opened = []
    try:
        for client in clients:
            request = client.build_request("GET", f"{website}/live/?c={draft.conversation_id}")
            opened.append(client.send(request, stream=True))
        assert {one.status_code for one in opened} == {200}
        page = httpx.get(
            f"{website}/inbox/{draft.conversation_id}/", cookies=cookies, trust_env=False, verify=False
        )
        assert page.status_code == 200
    finally:
        for one in opened:
            one.close()
        for client in clients:
            client.close()


def test_without_valkey_the_rows_are_asked(website: str, cast: Cast, streaming: Draft) -> None:
    """Frozen, it keeps its connections and says nothing: the page hears of the change all the same."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        pid = int(client.info("server")["process_id"])
    with listening(website, cast.ines, f"?c={streaming.conversation_id}") as page:
        page.next("snapshot")
        os.kill(pid, signal.SIGSTOP)
        try:
            move(streaming, Draft.State.READY)
            _, data = page.next("card")
        finally:
            os.kill(pid, signal.SIGCONT)

    assert 'data-state="ready"' in data["html"]
