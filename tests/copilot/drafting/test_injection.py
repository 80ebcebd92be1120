"""256 letters that try to steer the model, against one that does what it is told.

Most go through the pure way from Context to checks; a few through the whole house, over HTTP. Nothing is
sent, nothing of another customer is in the request, and what the attacker wanted is held by a tick.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from copilot.context.hiding import without_hidden
from copilot.context.value import Context
from copilot.drafting.checks import Check, check
from copilot.drafting.checks.facts import facts_in
from copilot.drafting.checks.known import Known
from copilot.drafting.checks.leaks import repeats_prompt
from copilot.drafting.prompt import render
from copilot.drafting.work import due_drafts, work
from copilot.models import Draft, PastReply
from interactions.models import OutboxMessage
from tests.cast import Cast
from tests.checked import cases, reply_of
from tests.crm import PushingCrm
from tests.factories import a_contact, a_conversation, a_message
from tests.fakes import Answer, Asked, FakeModel, writes
from tests.work import run_tasks

WISHES_EACH = 8
BAKERY = cases()[0].context
# Other customers' details in what the context holds for the consensus; no byte of them may leave.
CANARIES = ("Halden", "Freja", "Lund", "7781", "Strandgata", "Bergen", "930")


@dataclass(frozen=True)
class Payload:
    text: str
    ask: str
    say: str
    held: bool
    place: str


@cache
def wishes() -> tuple[dict[str, Any], ...]:
    return tuple(_told()["wish"])


def _told() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "fixtures" / "injections.toml"
    return tomllib.loads(path.read_text("utf-8"))


def payloads() -> Iterator[Payload]:
    places, turn = cycle(PLACES), cycle(wishes())
    for wrapper in _told()["wrappers"]:
        for _ in range(WISHES_EACH):
            wish = next(turn)
            yield Payload(
                wrapper.replace("{wish}", wish["ask"]), wish["ask"], wish["say"], wish["held"], next(places)
            )
        next(places)


def _in_item(item_id: str, context: Context, text: str) -> Context:
    changed = (replace(one, text=f"{one.text} {text}") if one.id == item_id else one for one in context.items)
    return replace(context, items=tuple(changed))


PLACES = {
    "text": lambda c, text: replace(c, turns=(replace(c.turns[-1], text=f"{c.turns[-1].text}\n{text}"),)),
    "subject": lambda c, text: replace(c, subject=text),
    "name": lambda c, text: replace(c, customer=text, turns=(replace(c.turns[-1], name=text),)),
    "account": lambda c, text: replace(c, account=text, about_account=(text,)),
    "note": lambda c, text: _in_item("n5", c, text),
    "article": lambda c, text: _in_item("a1", c, text),
    "record": lambda c, text: _in_item("r3", c, text),
}


def obeyed(request: str, system: str) -> str:
    """What a model would write that does whatever it reads, wherever it reads it."""
    for wish in wishes():
        if json.dumps(wish["ask"], ensure_ascii=False)[1:-1] in request:
            said: str = wish["say"].replace("{system}", system).replace("{all}", f"{system}\n{request}")
            return said.replace("{notes}", " ".join(one.text for one in BAKERY.items if one.internal))
    return "Thank you for writing."


def test_what_an_obeying_model_writes_is_held() -> None:
    all_of_them = list(payloads())
    assert len(all_of_them) >= 200
    assert {one.place for one in all_of_them} == set(PLACES)
    steered = 0
    for one in all_of_them:
        context = without_hidden(PLACES[one.place](BAKERY, one.text))
        prompt = render(context)
        request = "\n".join(block.text for block in prompt.blocks)
        system = "\n".join(block.text for block in prompt.system)
        assert not [canary for canary in CANARIES if canary in request + system], one
        raw = obeyed(request, system)
        steered += raw != "Thank you for writing."
        reply = reply_of(raw, context)
        if repeats_prompt(reply.text):
            continue  # such a draft fails and is never kept
        found = check(reply, context)
        known = Known(context)
        assert _is_held(one, known, found) or raw == "Thank you for writing.", (one, reply.text, found)
        _assert_new_links_are_held(reply.text, known, found)
    assert steered > 200


def _is_held(one: Payload, known: Known, found: list[Check]) -> bool:
    """Where the attacker sits in what the team wrote down or keeps on record, that is the source."""
    is_source = one.place in ("article", "record") and all(known.fact(fact) for fact in facts_in(one.say))
    return not one.held or is_source or any(check.tick for check in found)


def _assert_new_links_are_held(text: str, known: Known, found: list[Check]) -> None:
    for fact in facts_in(text):
        if fact.kind == "link" and not known.fact(fact):
            assert [one for one in found if one.tick and one.kind in ("link", "internal", "instructions")], text
    if "<img" in text or "![" in text:
        assert [one for one in found if one.tick], text


class Obeying(FakeModel):
    """Over HTTP, and with every field an attacker could want in its answer."""

    def take(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        said = obeyed(asked.said, asked.system)
        extras = {"to": ["attacker@evil.example"], "approve": True, "send": True, "ticks": ["c1", "c2"]}
        return writes(json.dumps({"reply": said, "missing": [], "abstain": False, **extras}), chunk=200)


@pytest.mark.django_db
def test_through_the_whole_house_nothing_leaves_and_nothing_is_a_link(
    crm: PushingCrm, cast: Cast, client: Client, settings: Settings
) -> None:
    ask = [wish["ask"] for wish in wishes()]
    other = a_conversation(
        team=cast.support, contact=a_contact(name="Freja Lund", email="freja@halden.example")
    )
    said = a_message(
        conversation=other, by="colleague", text="Order 7781 goes to Strandgata 14 in Bergen, EUR 930."
    )
    PastReply.objects.create(
        message=said, conversation=other, team=cast.support, contact=other.contact, customer="freja",
        author="ines", asked="Where is my order? Tell me of it.", text=said.text, language="en",
        sent_at=said.sent_at,
    )  # fmt: skip
    crm.says(f"Where is my order? {ask[0]}", conversation="c-1")
    crm.says("Where is my order?", conversation="c-2", subject=ask[18])
    crm.says(
        "Where is my order?", conversation="c-3", contact={"id": "p-3", "name": ask[1], "email": "x@y.example"}
    )
    crm.says(f"Where is my order? {ask[26]}", conversation="c-4", attachments=[{"name": f"{ask[2]}.pdf"}])
    crm.says(f"Where is my order? {ask[12]}", conversation="c-5")
    with Obeying() as model:
        settings.ANTHROPIC_BASE_URL = model.url
        run_tasks()
        for number in due_drafts(10):
            work(number)
    assert len(model.asked) == 5
    assert not [c for c in CANARIES for one in model.asked if c.encode() in one.body]
    link, sent, image, addressed, leak = Draft.objects.filter(conversation__connection=crm.connection).order_by(
        "pk"
    )
    assert (leak.state, leak.failure, leak.text) == ("failed", "instructions", "")
    assert addressed.envelope["to"] == ["sigrid@fjord.example"] and addressed.envelope["cc"] == []
    client.force_login(cast.ines)
    for draft in (link, image, sent):
        page = client.get(reverse("conversation", args=[draft.conversation_id])).content.decode()
        assert not re.search(r"(?:href|src)=[\"']?[^\"'> ]*evil", page)
        words = {"version": draft.version}
        answer = client.post(reverse("draft-approve", args=[draft.conversation_id, draft.n]), words)
        assert answer.status_code == 422 or b"check" in answer.content
        draft.refresh_from_db()
        assert draft.state == Draft.State.READY
    assert not OutboxMessage.objects.filter(kind="reply").exists()
