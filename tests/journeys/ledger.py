"""What a CRM tells in a storm, and the book it keeps of what came of it: the judge outside the product."""

import json
import random
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count
from standardwebhooks import Webhook

from copilot.models import Decision, Draft, Signal
from interactions.models import InboxEvent, Message, OutboxMessage
from tests.crm import event, received
from tests.receiver import Delivery


@dataclass(frozen=True)
class Post:
    """One event under its webhook-id. `message` is empty for news about a contact."""

    key: str
    body: bytes
    conversation: str
    message: str = ""


def script(events: int, answered: int, began: datetime) -> list[Post]:
    """A fifth as many conversations as events. `answered` customers write once, the others go on; a quarter of
    their events is told twice or about contacts. All come mixed and out of order, those to answer rather early.
    """
    chance, talks = random.Random(20), events // 5
    once = [_says(f"once-{n}", 0, began + timedelta(seconds=n)) for n in range(answered)]
    rest, aside = events - answered, (events - answered) // 12
    spoken = rest - 3 * aside
    on = [_says(f"on-{n % (talks - answered)}", n, began + timedelta(seconds=100 + n)) for n in range(spoken)]
    twice = chance.sample(once + on, aside)
    other_id = [
        Post(f"{post.key}-again", post.body, post.conversation, post.message)
        for post in chance.sample(on, aside)
    ]
    news = [_changed(n, began + timedelta(seconds=n)) for n in range(aside)]
    weighed = [
        (chance.random() * (0.7 if post in once else 1), post)
        for post in [*once, *on, *twice, *other_id, *news]
    ]
    return [post for _, post in sorted(weighed, key=lambda pair: pair[0])]


def _contact(conversation: str) -> dict[str, str]:
    return {
        "id": f"p-{conversation}",
        "name": f"Customer {conversation}",
        "email": f"{conversation}@storm.example",
    }


def _says(conversation: str, number: int, at: datetime) -> Post:
    message = f"m-{conversation}-{number}"
    text = f"Where is my parcel? It is number {message}."
    told = received(text, conversation=conversation, message=message, at=at,
                    contact=_contact(conversation), account=None)  # fmt: skip
    return Post(f"evt-{message}", json.dumps(told).encode(), conversation, message)


def _changed(number: int, at: datetime) -> Post:
    contact = _contact(f"on-{number % 7}")
    told = event("contact.changed", {**contact, "title": f"Title {number}"}, at)
    return Post(f"evt-news-{number}", json.dumps(told).encode(), "")


@dataclass
class Ledger:
    """Written by many threads while it storms, read when all is calm."""

    posts: list[Post]
    repeats: int = 1
    accepted: dict[str, list[bool]] = field(
        default_factory=lambda: defaultdict(list)
    )  # key -> duplicate, each 202
    approved: dict[str, str] = field(default_factory=dict)  # delivery -> the text a person approved
    retries: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, post: Post, duplicate: bool) -> None:
        with self.lock:
            self.accepted[post.key].append(duplicate)

    def try_again(self) -> None:
        with self.lock:
            self.retries += 1

    @property
    def progress(self) -> float:
        with self.lock:
            return sum(len(answers) for answers in self.accepted.values()) / (len(self.posts) * self.repeats)


def is_reply(delivery: Delivery) -> bool:
    return bool(json.loads(delivery.body)["type"] == "reply.approved")


def calm() -> bool:
    """Nothing is due, being worked on, or waiting for its reply to settle."""
    return not any(rows.exists() for rows in _unfinished())


def _unfinished() -> list[Any]:
    return [
        InboxEvent.objects.filter(state__in=InboxEvent.DUE),
        OutboxMessage.objects.filter(state__in=(*OutboxMessage.DUE, OutboxMessage.State.SENDING)),
        Draft.objects.filter(state__in=(Draft.State.QUEUED, *Draft.WORKING)),
        Signal.objects.filter(state=Signal.State.PENDING),
    ]


def broken(ledger: Ledger, deliveries: Iterable[Delivery], secret: str) -> list[str]:
    """Every promise that was not kept, as a sentence."""
    return [
        *_events_broken(ledger),
        *_order_broken(ledger),
        *_replies_broken(ledger, list(deliveries), secret),
        *(f"left half-way: {row!r}" for rows in _unfinished() for row in rows[:5]),
        *(f"{row} is {row.state}: {row.reason}" for row in OutboxMessage.objects.exclude(state="sent")[:5]),
    ]


def _events_broken(ledger: Ledger) -> list[str]:
    """Acknowledged is there once, and was applied or passed over once."""
    kept = dict(InboxEvent.objects.values_list("key", "state"))
    wrong = [f"{key} was acknowledged and is lost" for key in ledger.accepted if key not in kept]
    wrong += [f"{key} is {state}" for key, state in kept.items() if state not in ("applied", "ignored")]
    wrong += [f"{post.key} was never acknowledged" for post in ledger.posts if post.key not in ledger.accepted]
    wrong += [
        f"{key}: new {answers.count(False)} times"
        for key, answers in ledger.accepted.items()
        if answers.count(False) > 1
    ]
    said = len({post.message for post in ledger.posts if post.message})
    news = sum(not post.message for post in ledger.posts)
    applied = sum(state == "applied" for state in kept.values())
    if applied != said + news:
        wrong.append(f"{applied} events were applied, of {said} messages and {news} changes")
    return wrong


def _order_broken(ledger: Ledger) -> list[str]:
    """Each conversation holds what its customer said, once and in the order of writing."""
    told: dict[str, set[str]] = defaultdict(set)
    for post in ledger.posts:
        if post.message:
            told[post.conversation].add(post.message)
    found: dict[str, list[str]] = defaultdict(list)
    spoken = Message.objects.filter(by=Message.By.CUSTOMER).order_by("sent_at", "pk")
    for conversation, message in spoken.values_list("conversation__external_id", "external_id"):
        found[conversation].append(message)
    due = {
        name: sorted(messages, key=lambda one: int(one.rpartition("-")[2])) for name, messages in told.items()
    }
    return [
        f"{name} holds {found[name]}" for name in due.keys() | found.keys() if due.get(name) != found.get(name)
    ]


def _is_signed(one: Delivery, secret: str) -> bool:
    """Under the time that it names itself: a long run looks at them hours later."""
    told = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(one.headers["webhook-id"], told, one.body.decode())
    return signature in one.headers["webhook-signature"].split(" ")


def _replies_broken(ledger: Ledger, deliveries: list[Delivery], secret: str) -> list[str]:
    """Each approved reply reached the receiver under one id with one body, and nothing else did."""
    got: dict[str, set[bytes]] = defaultdict(set)
    wrong = []
    for one in deliveries:
        if not _is_signed(one, secret):
            wrong.append(f"{one.headers['webhook-id']} came with a signature that is not ours")
        if is_reply(one):
            got[one.headers["webhook-id"]].add(one.body)
    wrong += [f"{key} was approved and never delivered" for key in ledger.approved.keys() - got.keys()]
    wrong += [f"{key} was delivered and not approved" for key in got.keys() - ledger.approved.keys()]
    wrong += [
        f"{key} came with {len(bodies)} different bodies" for key, bodies in got.items() if len(bodies) > 1
    ]
    for key, text in ledger.approved.items():
        if any(json.loads(body)["data"]["text"] != text for body in got[key]):
            wrong.append(f"{key} said something else than was approved")
    sent = OutboxMessage.objects.filter(kind="reply", state="sent").count()
    if (
        not sent
        == len(ledger.approved)
        == Decision.objects.count()
        == Signal.objects.filter(state="settled").count()
    ):
        wrong.append(f"{len(ledger.approved)} approved, {sent} sent, {Decision.objects.count()} decided")
    answered = Message.objects.filter(by=Message.By.COLLEAGUE).values("conversation").annotate(n=Count("pk"))
    return [
        *wrong,
        *(
            f"conversation {row['conversation']} was answered {row['n']} times"
            for row in answered
            if row["n"] > 1
        ),
    ]
