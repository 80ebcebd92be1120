"""In our words: what is typed comes back in wordings that two colleagues sent to two customers."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from copilot.context import worded
from copilot.learning.signals import author_key, customer_key
from copilot.models import NoTeacher, PastReply, Signal, UnwantedWording
from customers.models import Contact, Record
from interactions.models import Conversation, Message, OutboxMessage
from people.models import Team, User
from tests.cast import Cast
from tests.copilot.api.calling import program_of
from tests.copilot.console.made import SignIn, htmx
from tests.factories import a_contact, a_conversation, a_message

ASKED = "When will I get my money back?"
ENDS = "The refund for {} is on its way. It reaches you within a few days."


def sent(team: Team, by: User, to: Contact, text: str, typed: str, order: str = "") -> None:
    """A reply of the past, kept as the receiver of a settled reply keeps it."""
    talk = a_conversation(team=team, contact=to)
    a_message(conversation=talk, text=ASKED)
    reply = a_message(conversation=talk, text=text, by=Message.By.COLLEAGUE, person=by)
    records = [an_order(to, order)] if order else []
    PastReply.objects.create(
        message=reply, conversation=talk, team=team, contact=to, account=to.account,
        customer=customer_key(talk), author=author_key(reply), asked=ASKED, text=text, sent_at=reply.sent_at,
        **worded.kept(talk, text, ASKED, "", typed, records, by.name),
    )  # fmt: skip


def an_order(to: Contact, number: str) -> Record:
    return Record.objects.create(
        kind="order", external_id=number, contact=to, account=to.account, source_updated_at=timezone.now()
    )


@pytest.fixture
def asking(cast: Cast) -> Conversation:
    """Support has told others in the same words where a refund is; Sigrid asks about hers."""
    others = [a_contact(name=name) for name in ("Lena Ruud", "Odd Berg", "Kaia Lund")]
    people = (cast.ines, cast.tomas, cast.petra)
    for person, to, order in zip(people, others, ("UA-7781", "UA-7782", "UA-7783"), strict=True):
        sent(cast.support, person, to, ENDS.format(order), "refund sent", order)
        sent(cast.support, cast.ines, to, "Refund sent, says Jonas Alm.", "refund sent jonas")
        sent(
            cast.sales,
            (cast.lukas, cast.wanda)[person == cast.ines],
            to,
            "Refunds are not ours.",
            "refund sent",
        )
    an_order(cast.sigrid, "UA-9004")
    talk = a_conversation(team=cast.support, contact=cast.sigrid, waiting_since=timezone.now())
    a_message(conversation=talk, text=ASKED)
    return talk


def test_a_rough_text_becomes_the_house_s_words(cast: Cast, asking: Conversation, sign_in: SignIn) -> None:
    client, url = sign_in(cast.ines), f"/inbox/{asking.pk}/our-words/"
    wanted = ENDS.format("UA-9004")

    page = client.post(url, {"text": "refund sent", "n": 0}).content.decode()
    part = client.post(url, {"text": "refund sent", "n": 0}, headers=htmx("draft")).content.decode()
    for shown in (page, part):
        assert wanted in shown and "Sent 3 times by 3 colleagues" in shown
        assert "UA-778" not in shown and "Jonas" not in shown and "not ours" not in shown
        assert "Never offer" not in shown
    assert "refund sent</textarea>" in page and not OutboxMessage.objects.exists()

    used = client.post(
        url, {"text": "refund sent", "n": 0, "use": wanted}, headers=htmx("draft")
    ).content.decode()
    assert f"{wanted}</textarea>" in used and "Back to my own words" in used and "hx-preserve" not in used
    client.post(f"/inbox/{asking.pk}/reply/", {"text": wanted})
    signal = Signal.objects.get()
    assert signal.typed == "refund sent" and signal.choice["gained"] > 0.8
    assert "refund" not in str(signal.choice)


def test_what_is_not_known_is_said_and_nothing_changed(
    cast: Cast, asking: Conversation, sign_in: SignIn
) -> None:
    client, url = sign_in(cast.ines), f"/inbox/{asking.pk}/our-words/"
    for text in ("The ferry to Bergen is late today", ""):
        part = client.post(url, {"text": text}, headers=htmx("draft"))
        assert part.status_code == 200 and f"{text}</textarea>" in part.content.decode()
        assert "Use this" not in part.content.decode()
    assert sign_in(cast.lukas).post(url, {"text": "refund sent"}).status_code == 404
    assert client.get(url).status_code == 405
    NoTeacher.objects.bulk_create([NoTeacher(person=cast.tomas), NoTeacher(person=cast.petra)])
    assert program_of(cast.ines).post(
        f"conversations/{asking.pk}/our-words/", {"text": "refund sent"}
    ).json() == {
        "offers": [],
        "why": "Nothing near enough to this is known here, so your own words stay as they are.",
    }


def test_replies_kept_by_an_earlier_version_speak_after_one_command(cast: Cast, asking: Conversation) -> None:
    def offers() -> list[dict[str, str]]:
        asked = program_of(cast.tomas).post(f"conversations/{asking.pk}/our-words/", {"text": "refund sent"})
        return list(asked.json()["offers"])

    before = list(PastReply.objects.order_by("pk").values_list("wording", "worded", "typed"))
    assert not [cue for row in PastReply.objects.all() for cue in row.cues if "UA-" in cue], "whose alone it is"
    PastReply.objects.update(wording="", worded="", cues=[])
    assert not offers()

    said = StringIO()
    call_command("learn_anew", stdout=said)
    assert f"{len(before)} past replies were given" in said.getvalue()
    assert list(PastReply.objects.order_by("pk").values_list("wording", "worded", "typed")) == before
    assert offers()[0]["text"] == ENDS.format("UA-9004")


def test_a_detail_is_taken_from_what_is_typed_and_one_that_nobody_told_is_a_gap(
    cast: Cast, asking: Conversation, sign_in: SignIn
) -> None:
    past = (cast.ines, "Ola Dahl", "EUR 40", "3 May"), (cast.tomas, "Per Vik", "EUR 75", "9 June")
    for person, who, amount, day in past:
        text = f"We have booked {amount} back to your card, and by {day} you will see it."
        sent(cast.support, person, a_contact(name=who), text, "booked back to card")

    def offers(typed: str) -> list[str]:
        asked = program_of(cast.ines).post(f"conversations/{asking.pk}/our-words/", {"text": typed})
        return [one["text"] for one in asked.json()["offers"]]

    gapped = "We have booked EUR 12 back to your card, and by [the date] you will see it."
    assert offers("booked EUR 12 back to card") == [gapped]
    page = sign_in(cast.ines).post(f"/inbox/{asking.pk}/reply/", {"text": gapped}).content.decode()
    assert "Fill [the date] first" in page and not OutboxMessage.objects.exists()
    sign_in(cast.ines).post(f"/inbox/{asking.pk}/reply/", {"text": gapped.replace("[the date]", "Friday")})
    assert OutboxMessage.objects.get().payload


def test_a_lead_takes_a_wording_out_and_puts_it_back(cast: Cast, asking: Conversation, sign_in: SignIn) -> None:
    ask, lead = {"text": "refund sent"}, sign_in(cast.petra)
    url, told = f"conversations/{asking.pk}/our-words/", {"sent": 3, "colleagues": 3}
    assert program_of(cast.tomas).post(url, ask).json()["offers"] == [{"text": ENDS.format("UA-9004"), **told}]
    worded_as = PastReply.objects.filter(text=ENDS.format("UA-7781")).get().worded
    assert (
        sign_in(cast.ines).post(f"/inbox/{asking.pk}/our-words/", ask | {"never": worded_as}).status_code == 404
    )

    page = lead.post(f"/inbox/{asking.pk}/our-words/", ask | {"never": worded_as}).content.decode()
    assert "Use this" not in page and UnwantedWording.objects.get().by == cast.petra
    listed = lead.get(f"/learning/wordings/?team={cast.support.pk}").content.decode()
    assert "Not offered" in listed and "UA-" not in listed
    lead.post("/learning/wordings/", {"team": cast.support.pk, "worded": worded_as})
    assert not UnwantedWording.objects.exists()
    assert program_of(cast.tomas).post(url, ask).json()["offers"]
