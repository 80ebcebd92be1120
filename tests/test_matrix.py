"""Every route, for everyone: who gets in, who is sent to sign in, and for whom nothing is there.

A route that is missing here fails the test. To add one, write its line: method, name, one status for each of
ROLES, and what is sent. Its address and what is sent are filled from the world; all its rows are support's.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from copilot import decisions
from copilot.daily import SALT
from copilot.decisions import Actor
from copilot.knowledge import proposals, texts
from copilot.models import DraftingRequest, Lesson, Offer, Rehearsal, Spending, Topic
from copilot.relationship import strategies
from customers.models import ContactMerge, Erasure, Goal, Note, Promise, Record
from interactions import files
from interactions.models import Connection
from people.models import ApiKey, Scope
from tests.cast import Cast
from tests.copilot.api.calling import ALL, a_draft, an_event, program_of_connection
from tests.factories import a_contact, a_conversation, a_person
from tests.matrix_lines import OPEN, REST, SIGNING_IN, Line, get, post

pytestmark = pytest.mark.django_db

# Nobody; Ines; Lukas of sales; Karim, who manages Fjord; Petra; Ada; Rut, an admin who was granted reading; the
# CRM, by its connection's key, which opens no page.
ROLES = ("nobody", "agent", "stranger", "manager", "lead", "admin", "reader", "crm")


CONSOLE = [
    #                                none Ines Luk Kar Petr Ada Rut crm
    get("front",                     "302 303 303 303 303 303 303 302"),
    get("inbox",                     "302 200 200 200 200 404 200 302"),
    get("conversation",              "302 200 404 200 200 404 200 302"),
    get("file",                      "302 200 404 200 200 404 200 302"),
    get("reply",                     "302 200 404 200 200 404 404 302"),
    post("reply",                    "302 303 404 303 303 404 404 302", text="Hello"),
    post("draft-request",            "302 303 404 303 303 404 404 302"),
    post("note",                     "302 303 404 303 303 404 404 302", text="Hello"),
    get("topic",                     "302 200 404 200 200 404 404 302"),
    post("topic",                    "302 303 404 303 303 404 404 302", topic="{topic_id}"),
    post("assign",                   "302 303 404 303 303 404 404 302"),
    post("label",                    "302 303 404 303 303 404 404 302", labels="vip"),
    post("snooze",                   "302 303 404 303 303 404 404 302"),
    post("resolve",                  "302 303 404 303 303 404 404 302"),
    post("reopen",                   "302 303 404 303 303 404 404 302"),
    get("draft",                     "302 200 404 200 200 404 200 302"),
    post("draft-approve",            "302 303 404 303 303 404 404 302", version=1),
    post("draft-edit",               "302 303 404 303 303 404 404 302", version=1, text="Hello"),
    post("draft-stop",               "302 409 404 409 409 404 404 302"),
    post("draft-redraft",            "302 303 404 303 303 404 404 302", version=1),
    post("draft-discard",            "302 303 404 303 303 404 404 302", version=1),
    post("draft-undo",               "302 409 404 409 409 404 404 302"),
    post("draft-escalate",           "302 303 404 303 303 404 404 302", version=1, to="team:{teams}"),
    post("our-words",                "302 200 404 200 200 404 404 302", text="Hello"),
    post("draft-vary",               "302 303 404 303 303 404 404 302", version=1, way="shorter"),
    post("draft-pick",               "302 422 404 422 422 404 404 302", version=1),
    post("draft-without-goals",      "302 422 404 422 422 404 404 302", version=1),
    post("draft-apply-held",         "302 422 404 422 422 404 404 302", version=1),
    post("draft-answer",             "302 422 404 422 422 404 404 302", version=1),
    post("answer-keep",              "302 409 404 409 409 404 404 302"),
    post("delivery-settle",          "302 409 404 409 409 404 404 302"),
    post("delivery-release",         "302 404 404 404 404 404 404 302"),
    post("delivery-return",          "302 404 404 404 404 404 404 302", reason="No"),
    post("account-goal",             "302 404 404 303 303 404 404 302", text="Renewal in March"),
    get("strategies",                "302 200 404 200 200 404 200 302"),
    post("strategies",               "302 404 404 303 303 404 404 302", aim="Renew in March"),
    get("strategy",                  "302 200 404 200 200 404 200 302"),
    post("strategy",                 "302 404 404 303 303 404 404 302", aim="Renew in May", version=1),
    post("strategy-scenario",        "302 404 404 303 303 404 404 302", title="Wait", version=1),
    post("strategy-assumption",      "302 404 404 303 303 404 404 302", do="add", text="It lasts", version=1),
    post("strategy-explore",         "302 404 404 303 303 404 404 302", version=1),
    post("strategy-decide",          "302 404 404 422 422 404 404 302", version=1),
    post("strategy-outcome",         "302 404 404 303 303 404 404 302", actual="It went well"),
    get("brief",                     "302 200 404 200 200 404 200 302"),
    post("account-call",             "302 303 404 303 303 404 404 302", text="We spoke."),
    post("account-release",          "302 404 404 404 303 404 404 302"),
    post("team-release",             "302 404 404 404 303 303 303 302", team="{teams}"),
    get("copilot",                   "302 200 200 200 200 200 200 302"),
    get("topics",                    "302 200 200 200 200 200 200 302"),
    post("topics",                   "302 404 404 404 303 303 303 302", name="Boats", team="{teams}"),
    post("topic-change",             "302 404 404 404 303 303 303 302", do="retire", team="{teams}"),
    post("topics-trust",             "302 404 404 404 303 303 303 302", team="{teams}", enough=5, most_wrong=9),
    get("learning",                  "302 200 200 200 200 200 200 302"),
    get("learning-month",            "302 200 200 200 200 200 200 302"),
    post("learning",                 "302 404 404 404 303 303 303 302", team="{teams}"),
    get("offers",                    "302 200 200 200 200 200 200 302"),
    post("offer-decide",             "302 404 404 404 303 303 303 302", do="accept", version=1),
    get("house-wordings",            "302 200 200 200 200 200 200 302"),
    post("house-wordings",           "302 404 404 404 404 404 404 302", team="{teams}", worded="nothing"),
    get("teach",                     "302 200 200 200 200 200 200 302"),
    post("teach",                    "302 200 404 200 200 200 200 302", team="{teams}", sentence="Add “Bye.”"),
    get("rehearsals",                "302 200 200 200 200 200 200 302"),
    post("rehearsals",               "302 404 404 404 422 422 422 302", team="{teams}", size=5, seed=1),
    get("rehearsal",                 "302 200 404 200 200 200 200 302"),
    post("rehearsal",                "302 404 404 404 303 303 303 302", do="stop"),
    get("rehearsed-reply",           "302 200 404 200 200 404 200 302"),
    post("drafting-ask",             "302 303 404 303 303 303 303 302", team="{teams}"),
    post("drafting-decide",          "302 404 404 404 303 303 303 302", do="approve"),
    get("lesson",                    "302 200 404 200 200 200 200 302"),
    post("lesson",                   "302 404 404 404 303 303 303 302", do="retire", version=1),
    post("learnt",                   "302 404 404 404 404 404 404 302"),
    post("draft-wrong",              "302 409 404 409 409 404 404 302", lesson="{lesson_id}"),
    get("costs",                     "302 404 404 404 200 200 200 302"),
    post("costs",                    "302 404 404 404 303 303 303 302", day_micros="5", team="{teams}"),
    get("costs-csv",                 "302 404 404 404 200 200 200 302"),
    get("accounts",                  "302 200 200 200 200 404 200 302"),
    post("promise",                  "302 303 404 303 303 404 404 302", fate="kept"),
    get("notes",                     "302 404 404 200 200 404 404 302"),
    post("note-decide",              "302 404 404 303 303 404 404 302", fate="accept"),
    get("search",                    "302 200 200 200 200 404 200 302"),
    get("account",                   "302 200 404 200 200 404 200 302"),
    get("texts",                     "302 200 200 200 200 200 200 302"),
    get("text",                      "302 200 404 200 200 200 200 302"),
    get("text-new",                  "302 404 404 404 200 200 200 302"),
    post("text-new",                 "302 404 404 404 303 303 303 302", title="T", body="B", team="{teams}"),
    get("text-import",               "302 404 404 404 200 200 200 302"),
    post("text-import",              "302 404 404 404 200 200 200 302", team="{teams}"),
    get("text-edit",                 "302 200 404 200 200 200 200 302"),
    post("text-edit",                "302 303 404 303 303 303 303 302", title="T", body="B", version=1),
    get("spread",                    "302 200 200 200 200 200 200 302"),
    post("text-offer",               "302 404 404 404 303 303 303 302"),
    post("text-retire",              "302 404 404 404 303 303 303 302"),
    get("text-version",              "302 200 404 200 200 200 200 302"),
    post("text-version",             "302 404 404 404 303 303 303 302", version=1),
    get("proposals",                 "302 200 200 200 200 200 200 302"),
    post("proposal-decide",          "302 404 404 404 303 303 303 302", fate="decline"),
    get("account-enquiry",           "302 200 404 200 200 404 200 302"),
    post("account-enquiry",          "302 200 404 200 200 404 200 302", question="When?"),
    get("conversation-enquiry",      "302 200 404 200 200 404 200 302"),
    post("conversation-enquiry",     "302 200 404 200 200 404 200 302", question="When?"),
    get("contact",                   "302 200 404 200 200 404 200 302"),
    post("contact",                  "302 303 404 303 303 404 404 302", other="{third}"),
    get("merge",                     "302 200 404 200 200 404 200 302"),
    post("merge-settle",             "302 404 404 303 303 404 404 302"),
    get("keys",                      "302 200 200 200 200 200 200 302"),
    get("settings-me",               "302 200 200 200 200 200 200 302"),
    post("settings-me",              "302 422 422 422 422 422 422 302"),
    post("teaching",                 "302 200 200 200 200 200 200 302"),
    post("key-new",                  "302 200 200 200 200 200 200 302", name="Mine", scopes="read"),
    post("key-revoke",               "302 303 404 404 404 404 404 302"),
    get("settings-team",             "302 200 200 200 200 200 200 302"),
    get("settings-people",           "302 404 404 404 404 200 200 302"),
    post("person-new",               "302 404 404 404 404 200 200 302", name="Nils", email="nils@tern.example"),
    get("person",                    "302 404 404 404 404 200 200 302"),
    post("person",                   "302 404 404 404 404 303 303 302"),
    post("team-new",                 "302 404 404 404 404 303 303 302", name="Success"),
    get("settings-connections",      "302 404 404 404 404 200 200 302"),
    get("connection-new",            "302 404 404 404 404 200 200 302"),
    get("connection-guide",          "302 404 404 404 404 200 200 302"),
    post("connection-new",           "302 404 404 404 404 422 422 302", name="CRM"),
    get("connection",                "302 404 404 404 404 200 200 302"),
    get("connection-fields",         "302 404 404 404 404 200 200 302"),
    post("connection-fields",        "302 404 404 404 404 303 303 302"),
    post("connection-change",        "302 404 404 404 404 303 303 302"),
    get("settings-erasures",         "302 404 404 404 404 200 200 302"),
    get("copy-contact",              "302 404 404 404 404 404 200 302"),
    post("erase-contact",            "302 404 404 404 404 303 303 302"),
    get("events",                    "302 404 404 404 200 200 200 302"),
    post("event-replay",             "302 404 404 404 303 303 303 302"),
    post("events-replay",            "302 404 404 404 303 303 303 302"),
    get("deliveries",                "302 404 404 404 200 200 200 302"),
    post("delivery-replay",          "302 404 404 404 303 303 303 302"),
    post("deliveries-replay",        "302 404 404 404 303 303 303 302"),
]  # fmt: skip

MATRIX = [*OPEN, *SIGNING_IN, *REST, *CONSOLE]
STREAM = "live"


def routes() -> dict[str, set[str]]:
    """The parts that each route's address needs, by the route's name."""
    found = list(_routes(get_resolver().url_patterns, frozenset()))
    assert len({name for name, _ in found}) == len(found), "two routes have the same name"
    return dict(found)


def _routes(patterns: list[Any], above: frozenset[str]) -> Iterator[tuple[str, set[str]]]:
    for one in patterns:
        needs = above | set(one.pattern.converters or one.pattern.regex.groupindex)
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, needs)
        else:
            assert isinstance(one, URLPattern) and one.name, f"{one} has no name"
            yield one.name, set(needs)


@dataclass(frozen=True)
class Visitor:
    """A person with a browser and a key, or nobody, or the CRM with its key alone."""

    browser: Client
    key: str = ""

    def status(self, line: Line, world: dict[str, Any]) -> int:
        """What the line's route answers; whatever it did is taken back."""
        sent = {k: v.format(**world) if isinstance(v, str) else v for k, v in line.sent.items()}
        with transaction.atomic():
            answer = self._send(line.method, address(line.name, world), sent)
            transaction.set_rollback(True)
        return int(answer.status_code)

    def _send(self, method: str, path: str, sent: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key and path.startswith("/api/") else {}
        if method == "GET":
            return self.browser.get(path, sent, headers=headers)
        if path.startswith("/api/"):
            send = self.browser.patch if method == "PATCH" else self.browser.post
            return send(path, sent, content_type="application/json", headers=headers)
        return self.browser.post(path, sent)


def address(name: str, world: dict[str, Any]) -> str:
    kind = name.removeprefix("api-").removesuffix("-one")
    return reverse(name, kwargs={part: world[kind if part == "pk" else part] for part in routes()[name]})


@pytest.fixture
def world(cast: Cast, connection: Connection, bells: redis.Redis) -> dict[str, Any]:
    """What stands for each part of an address; `pk` goes by the route's name.

    No worker's heartbeat is in Valkey, where one that has just ended would still seem alive.
    """
    now = timezone.now()
    talk = a_conversation(team=cast.support, contact=cast.sigrid, connection=connection)
    draft = a_draft(conversation=talk)
    other = a_draft(conversation=a_conversation(team=cast.support, contact=cast.sigrid, connection=connection))
    decision = decisions.approve(other.pk, other.version, Actor(cast.ines))
    record = Record.objects.create(external_id="o-1", kind="order", account=cast.fjord, source_updated_at=now)
    note = Note.objects.create(account=cast.fjord, kind="preference", text="Writes briefly", created_at=now)
    goal = Goal.objects.create(account=cast.fjord, text="Renewal", created_at=now)
    promise = Promise.objects.create(account=cast.fjord, text="A call on Monday", made_at=now)
    article = texts.new_article(None, "Delivery", "By ship.", [cast.support])
    saved = texts.new_saved_reply(None, cast.support, "Hello", "Hi {name}")
    proposal = proposals.propose(
        cast.support, cast.ines, "By air.", origin=proposals.Origin.PERSON, article=article
    )
    second, third = (a_contact(name=name, account=cast.fjord) for name in ("S. Moe", "Siri Moe"))
    merge = ContactMerge.objects.create(contact=second, into=cast.sigrid)
    topic = Topic.objects.create(team=cast.support, name="Delivery")
    lesson = Lesson.objects.create(team=cast.support, kind="closing", before="Bye", after="See you", key="k")
    offer = Offer.objects.create(
        lesson=lesson, from_team=cast.sales, team=cast.support, kind="closing", after="Bye", key="o", agree=2
    )
    rehearsal = Rehearsal.objects.create(team=cast.support, seed=1, size=1, of=1)
    rehearsed = rehearsal.replies.create(
        message=talk.messages.get(), conversation=talk, state="done", text="Hi", distance=0.5, due_at=now
    )
    asked = DraftingRequest.objects.create(team=cast.support, topic=topic)
    spent = Spending.objects.create(team=cast.support, day=now.date(), drafts=3, cost_micros=4200)
    event = an_event(connection=connection).pk
    strategy = strategies.begin(cast.fjord, cast.karim, strategies.Told("Renew in March"))
    file = files.add(talk, SimpleUploadedFile("terms.txt", b"The terms"), cast.ines)
    return {
        "conversation_id": talk.pk, "n": draft.n, "account_id": cast.fjord.pk, "user_id": cast.tomas.pk,
        "connection_id": connection.pk, "event_id": event, "event_type": "message.received", "verb": "pause",
        "key_id": ApiKey.make("Hers", [Scope.READ], cast.ines)[0].pk, "key": "no-such-key", "uidb36": "1",
        "accounts": cast.fjord.pk, "contacts": cast.sigrid.pk, "records": record.pk, "notes": note.pk,
        "promises": promise.pk, "conversations": talk.pk, "messages": talk.messages.get().pk,
        "drafts": draft.pk, "decisions": decision.pk, "signals": decision.signal.pk, "articles": article.pk,
        "connections": connection.pk, "events": event, "deliveries": decision.outbox_id,
        "people": cast.tomas.pk, "teaching": cast.petra.pk, "teams": cast.support.pk,
        "reply": talk.pk, "our-words": talk.pk, "request-draft": talk.pk,
        "ask-account": cast.fjord.pk, "ask-conversation": talk.pk, "decide": draft.pk, "undo": decision.pk,
        "answer": draft.pk, "vary": draft.pk, "article-versions": article.pk, "saved-replies": saved.pk,
        "without-goals": draft.pk, "apply-held": draft.pk,
        "question_id": talk.questions.create(text="When?").pk, "way": "note",
        "release": decision.pk, "return": decision.pk, "replay": event, "replay-dead": connection.pk,
        "syncs": connection.pk, "erasures": Erasure.objects.create(at=now, source=connection.pk).pk,
        "merges": merge.pk, "decide-merge": merge.pk, "third": third.pk, "merge_id": merge.pk, "deed": "merge",
        "erase": cast.sigrid.pk, "copy": cast.sigrid.pk, "contact_id": cast.sigrid.pk, "accept": note.pk,
        "token": signing.dumps(cast.ines.pk, salt=SALT), "note_id": note.pk, "promise_id": promise.pk,
        "goals": goal.pk, "set-goal": cast.fjord.pk, "end-goal": goal.pk,
        "decide-note": note.pk, "decide-promise": promise.pk, "log-call": cast.fjord.pk,
        "strategy_id": strategy.pk, "strategies": strategy.pk, "begin-strategy": cast.fjord.pk,
        "rounds": strategy.pk, "write-strategy": strategy.pk, "decide-strategy": strategy.pk,
        "look-back": strategy.pk, "settle": decision.outbox_id, "redeliver": decision.outbox_id,
        "set-topic": talk.pk, "topic_id": topic.pk, "topics": topic.pk, "costs": spent.pk,
        "add-file": talk.pk, "file": talk.pk, "sha256": file.sha256,
        "offer_id": offer.pk, "offers": offer.pk, "decide-offer": offer.pk,
        "proposals": proposal.pk, "decide-proposal": proposal.pk, "keep-answer": talk.pk,
        "rehearsal_id": rehearsal.pk, "reply_id": rehearsed.pk, "request_id": asked.pk,
        "rehearsals": rehearsal.pk, "rehearsal-results": rehearsal.pk, "move-rehearsal": rehearsal.pk,
        "rehearsed-replies": rehearsed.pk, "drafting-requests": asked.pk, "decide-request": asked.pk,
        "lesson_id": lesson.pk, "lessons": lesson.pk, "move-lesson": lesson.pk,
        "lesson-effect": lesson.pk,
        "delivery_id": decision.outbox_id, "fate": "arrived", "kind": "articles", "word": "start",
        "proposal_id": proposal.pk,
        "text-offer": article.pk, "offer-article": article.pk, "offer-saved-reply": saved.pk,
        "text": article.pk, "text-edit": article.pk, "text-retire": article.pk, "text-version": article.pk,
    }  # fmt: skip


@pytest.fixture
def visitors(cast: Cast, connection: Connection) -> dict[str, Visitor]:
    reader = a_person(name="Rut Granted", is_admin=True, may_read_conversations=True)
    made = [Visitor(Client())]
    for person in (cast.ines, cast.lukas, cast.karim, cast.petra, cast.ada, reader):
        browser = Client(raise_request_exception=False)
        browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        made.append(Visitor(browser, ApiKey.make("A program", list(ALL), person)[1]))
    made.append(Visitor(Client(), program_of_connection(connection).key))
    return dict(zip(ROLES, made, strict=True))


def test_every_route_has_its_line() -> None:
    lines = {line.name for line in MATRIX} | {STREAM}
    assert not set(routes()) - lines, "Say in the matrix who may use these routes."
    assert not lines - set(routes()), "These lines are of routes that are gone."


@pytest.mark.parametrize("lines", [OPEN, SIGNING_IN, REST, CONSOLE], ids=["open", "door", "rest", "console"])
def test_everyone_gets_what_the_matrix_says(
    lines: list[Line], world: dict[str, Any], visitors: dict[str, Visitor]
) -> None:
    wrong = []
    for line in lines:
        for (role, visitor), status in zip(visitors.items(), line.statuses.split(), strict=True):
            found = visitor.status(line, world)
            if found != int(status):
                wrong.append(f"{line.method} {line.name}: {role} gets {found}, not {status}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db(transaction=True)
def test_the_stream_is_for_who_may_see_the_conversation(
    world: dict[str, Any], visitors: dict[str, Visitor]
) -> None:
    """By itself, because a stream gives back its connection, and with it a test's transaction; in a thread
    of its own, because a browser test before may have left its event loop in ours."""
    path = f"{reverse(STREAM)}?c={world['conversation_id']}"

    def visit_all() -> dict[str, int]:
        try:
            return {role: visitor.browser.get(path).status_code for role, visitor in visitors.items()}
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(visit_all).result()
    let_in = {role for role, status in found.items() if status == 200}
    assert let_in == {"agent", "manager", "lead", "reader"} and set(found.values()) == {200, 404}
