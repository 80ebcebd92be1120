"""The brief before a conversation, and the goals that its account manager sets."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from copilot.context.build import build_context
from copilot.models import Draft
from customers.models import Goal, Note, Promise
from interactions.models import Message
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.factories import a_conversation, a_message, a_team

pytestmark = pytest.mark.django_db
COMPLAINTS = (
    "This is the third time that the export stops.", "I am very disappointed. When do I get my money?",
    "Das ist inakzeptabel, wir warten seit Montag.", "We are still waiting for the crate.",
)  # fmt: skip


def test_goals_are_set_and_ended_by_who_manages_the_account(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    karim, url = sign_in(cast.karim), f"/accounts/{cast.fjord.pk}/goals/"
    assert "Nothing was set" in karim.post(url, {"text": " "}, follow=True).text
    sent = {"text": "Renewal in March", "do": "Name the date", "dont": "Offer a discount", "by": "2027-03-01"}
    page = karim.post(url, sent, follow=True).text
    assert (
        "Drafts know it from now on" in page and "Don’t: Offer a discount" in page and "By 1 Mar 2027" in page
    )
    known = next(item for item in build_context(draft).items if item.kind == "goal")
    assert known.text == "Renewal in March. Do: Name the date. Don't: Offer a discount" and not known.quotable
    ours = draft.conversation.messages.get()
    for said in COMPLAINTS:
        ours.text = said
        ours.save()
        context = build_context(draft)
        assert not [item for item in context.items if item.kind == "goal"], said
        assert any(one.what == "1 goal" for one in context.unused)
    Goal.objects.update(not_on_complaints=False)
    assert [item for item in build_context(draft).items if item.kind == "goal"]
    ours.text = "When does our contract end? We are happy with the new site."
    ours.save()
    Goal.objects.update(not_on_complaints=True)
    assert [item for item in build_context(draft).items if item.kind == "goal"]
    assert "Set a goal" not in sign_in(cast.ines).get(f"/accounts/{cast.fjord.pk}/").text
    goal = Goal.objects.get()
    assert "no more" in sign_in(cast.petra).post(url, {"end": goal.pk}, follow=True).text
    assert "over already" in karim.post(url, {"end": goal.pk}, follow=True).text
    assert "over already" in karim.post(url, {"end": "²"}, follow=True).text
    assert not [item for item in build_context(draft).items if item.kind == "goal"]
    deeds = AuditEntry.objects.filter(target=f"goal:{goal.pk}").order_by("pk")
    assert [one.verb for one in deeds] == ["set goal", "ended goal"]


def test_the_brief_tells_each_thing_with_its_source(
    cast: Cast, draft: Draft, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    hidden = a_conversation(team=a_team(name="Billing"), contact=cast.sigrid, subject="Bank account")
    a_message(conversation=hidden, text="Our bank account is new.")
    Goal.objects.create(account=cast.fjord, text="Win back trust", set_by=cast.karim, created_at=now)
    Promise.objects.create(account=cast.fjord, text="A call.", owner=cast.ines, made_at=now, due_at=now)
    for text, state, until in (("Short mails", "accepted", 9), ("Old", "accepted", -1), ("New", "proposed", 9)):
        Note.objects.create(account=cast.fjord, kind="preference", text=text, state=state, created_at=now,
                            review_by=timezone.localdate() + timedelta(days=until))  # fmt: skip
    letter = "Hi Sigrid,\n\nIt ends in March. I ask Karim.\n\nKind regards\nInes"
    a_message(conversation=draft.conversation, text=letter, by=Message.By.COLLEAGUE, person=cast.ines)
    ines = sign_in(cast.ines)
    with django_assert_max_num_queries(15):
        page = ines.get(f"/accounts/{cast.fjord.pk}/brief/").text
    assert "“It ends in March. I ask Karim.”" in page
    for told in ("Win back trust", "Goal by Karim Haddad", "A call, was due", "Ines Duarte", "Short mails",
                 "When does our contract end?", "Sigrid Moe, has waited"):  # fmt: skip
        assert told in page, told
    assert f"/inbox/{draft.conversation_id}/#message-" in page
    assert "Old" not in page and "New" not in page and "bank" not in page.lower(), "not so, or not for her"
    assert "Brief to print" in ines.get(f"/accounts/{cast.fjord.pk}/").text
