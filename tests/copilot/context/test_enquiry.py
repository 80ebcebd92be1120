"""Ask about this customer: quotes of what the person may see, or that nothing here says it."""

import json
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from copilot.models import IdempotentAnswer
from customers.models import Note, Record
from interactions import erasing
from interactions.models import Conversation
from people.models import Role
from tests.cast import Cast
from tests.copilot.api.calling import program_of
from tests.factories import a_conversation, a_message, a_person, a_team
from tests.fakes import FakeModel, fails, writes

pytestmark = pytest.mark.django_db
WHEN = "When does the contract end?"
ENDS = "The contract ends on 14 March 2027."


@pytest.fixture
def talk(cast: Cast) -> Conversation:
    """Fjord and Bright both have a contract; a second team talks with Fjord about its bank account."""
    made = a_conversation(team=cast.support, contact=cast.sigrid, subject="Contract")
    a_message(conversation=made, text=f"Thank you. {ENDS} Please send the invoice to our harbour office.")
    now = timezone.now()
    Record.objects.create(
        account=cast.fjord, external_id="F-031", kind="contract", title="Contract F-031", source_updated_at=now,
        fields={"notice_period": "3 months"},
    )  # fmt: skip
    Note.objects.create(account=cast.fjord, kind="preference", state="accepted", created_at=now,
                        text="Sigrid answers the phone only before noon.")  # fmt: skip
    others = a_conversation(team=cast.sales, contact=cast.owen)
    a_message(conversation=others, text="The contract ends on 1 May 2031, and the notice period is a week.")
    bank = a_conversation(team=a_team(name="Billing"), contact=cast.sigrid)
    a_message(conversation=bank, text="Our new bank account is NO93 8601 1117 947.")
    return made


@pytest.fixture
def model(settings: Settings) -> Iterator[FakeModel]:
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL = fake.url
        yield fake


def page_of(client: Client, name: str, pk: int, question: str) -> str:
    return client.post(reverse(name, args=[pk]), {"question": question}).content.decode()


def test_each_answer_is_a_quote_of_what_one_may_see(cast: Cast, talk: Conversation, client: Client) -> None:
    client.force_login(cast.ines)
    for name, pk in (("account-enquiry", cast.fjord.pk), ("conversation-enquiry", talk.pk)):
        page = page_of(client, name, pk, WHEN)
        assert ENDS in page and f"#message-{talk.messages.get().pk}" in page
        assert "2031" not in page, "Bright's contract is not Fjord's"
        assert "notice period 3 months" in page_of(client, name, pk, "How long is the notice period?")
        assert "before noon" in page_of(client, name, pk, "When does Sigrid answer the phone?")
        assert "Nothing here says" in page_of(client, name, pk, "Which crane was painted green?")
        assert "NO93" not in page_of(client, name, pk, "What is their new bank account?"), "Billing's talk"
    assert reverse("account-enquiry", args=[cast.fjord.pk]) in client.get(f"/accounts/{cast.fjord.pk}/").text
    assert reverse("conversation-enquiry", args=[talk.pk]) in client.get(f"/inbox/{talk.pk}/").text
    client.force_login(a_person(name="Bodil Ek", team=cast.sales, role=Role.LEAD))
    assert client.post(reverse("account-enquiry", args=[cast.fjord.pk]), {"question": WHEN}).status_code == 404


def test_a_models_answer_stands_only_on_words_that_are_there(
    cast: Cast, talk: Conversation, model: FakeModel
) -> None:
    ines, said = program_of(cast.ines), talk.messages.get()

    def asked(answer: str, quote: str, *, known: bool = True) -> dict[str, object]:
        quotes = [{"id": f"m{said.pk}", "quote": quote}] if quote else []
        model.will(writes(json.dumps({"known": known, "answer": answer, "quotes": quotes})))
        told = ines.post(f"accounts/{cast.fjord.pk}/enquiry/", {"question": WHEN})
        assert told.status_code == 200, told.content
        return dict(told.json())

    good = asked("It ends on 14 March 2027.", "ends on 14 March 2027")
    assert (good["known"], good["text"]) == (True, "It ends on 14 March 2027.")
    for answer, quote in (
        ("It ends on 14 March 2028.", "ends on 14 March 2027"),
        ("In spring.", "in the spring"),
    ):
        plain = asked(answer, quote)
        assert plain["text"] == "" and plain["quotes"][0]["quote"] == ENDS  # type: ignore[index]
    assert asked("", "", known=False)["known"] is False
    model.will(fails(500))
    assert ines.post(f"conversations/{talk.pk}/enquiry/", {"question": WHEN}).json()["known"]
    assert b"2031" not in b"".join(one.body for one in model.asked)
    count = len(model.asked)
    cast.fjord.people_only = True
    cast.fjord.save()
    assert ines.post(f"conversations/{talk.pk}/enquiry/", {"question": WHEN}).json()["known"]
    cast.fjord.people_only, cast.sigrid.people_only = False, True
    cast.fjord.save()
    cast.sigrid.save()
    assert ines.post(f"accounts/{cast.fjord.pk}/enquiry/", {"question": WHEN}).json()["known"]
    assert len(model.asked) == count, "no model reads of people who want people"
    erasing.erase(cast.sigrid.pk)
    kept = IdempotentAnswer.objects.values_list("body", flat=True)
    assert not any(b"14 March" in bytes(one) for one in kept)
