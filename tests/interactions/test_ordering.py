"""Whatever order a CRM's events arrive in, and however often, the conversation ends up the same."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interactions import handling
from interactions.models import Connection, Conversation, Message
from tests.cast import Cast
from tests.crm import PushingCrm, minutes_ago, received, sent
from tests.work import run_tasks

START = minutes_ago(600)
JAN = {"id": "a-1", "name": "Fjord Shipping"}
FEB = {"id": "a-2", "name": "Fjord Holding"}


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A conversation as it really went: who wrote when, in which account, and what was automatic."""
    told = []
    for number in range(draw(st.integers(1, 7))):
        at = START + timedelta(minutes=number * 11)
        account = JAN if number < 3 else FEB
        if draw(st.booleans()):
            told.append(sent(f"answer {number}", message=f"m-{number}", at=at, account=account))
            continue
        headers = {"Auto-Submitted": "auto-replied"} if draw(st.integers(0, 4)) == 0 else {}
        told.append(received(
            f"please could you help with the thing {number}", message=f"m-{number}", at=at, account=account,
            headers=headers, subject=f"{'Re: ' if number else ''}The thing",
        ))  # fmt: skip
    return told


def state_of(connection: Connection, name: str) -> dict[str, Any]:
    conversation = Conversation.objects.get(connection=connection, external_id=name)
    told: list[str] = ["external_id", "by", "text", "automatic", "sent_at", "author_name"]
    return {
        "subject": conversation.subject, "status": conversation.status, "channel": conversation.channel,
        "waiting_since": conversation.waiting_since, "last_message_at": conversation.last_message_at,
        "created_at": conversation.created_at, "contact": str(conversation.contact),
        "account": str(conversation.account), "language": conversation.language,
        "messages": list(conversation.messages.order_by("sent_at").values_list(*told)),
    }  # fmt: skip


def tell(crm: PushingCrm, name: str, told: list[dict[str, Any]]) -> None:
    for body in told:
        body["data"]["conversation"]["id"] = name
        for role in ("contact", "account"):  # each run has customers of its own
            if role in body["data"]:
                known = body["data"][role]
                known["id"] = f"{name}-{known['id'].rpartition('-')[2]}"
        crm.push(body)
        run_tasks()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), data=st.data())
def test_shuffled_and_repeated_events_settle_to_the_same(
    crm: PushingCrm, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=3))
    shuffled = data.draw(st.permutations(repeated))
    number = Conversation.objects.count()
    tell(crm, f"straight{number}", history)
    tell(crm, f"shuffled{number}", list(shuffled))
    assert state_of(crm.connection, f"shuffled{number}") == state_of(crm.connection, f"straight{number}")


def test_a_late_message_does_not_reopen(crm: PushingCrm, cast: Cast) -> None:
    crm.says("first", at=minutes_ago(50))
    crm.answers("answered", at=minutes_ago(30))
    run_tasks()
    handling.resolve(crm.conversation(), cast.ines)
    crm.says("told late", at=minutes_ago(40))
    run_tasks()
    conversation = crm.conversation()
    assert (conversation.status, conversation.waiting_since) == ("resolved", None)
    assert conversation.messages.count() == 3


def test_a_new_message_reopens_and_wakes(crm: PushingCrm) -> None:
    crm.says("first", at=minutes_ago(50))
    run_tasks()
    for status in ("resolved", "snoozed"):
        Conversation.objects.update(status=status, snoozed_until=minutes_ago(-60))
        crm.says("and one more thing")
        run_tasks()
        assert (crm.conversation().status, crm.conversation().snoozed_until) == ("open", None)


def test_waiting_begins_with_the_oldest_unanswered_message(crm: PushingCrm) -> None:
    crm.says("first", at=minutes_ago(50))
    crm.answers("answered", at=minutes_ago(40))
    crm.says("second", at=minutes_ago(30))
    crm.says("third", at=minutes_ago(20))
    run_tasks()
    assert crm.conversation().waiting_since == Message.objects.get(text="second").sent_at


def test_a_contact_who_changes_account_leaves_the_history_where_it_was(crm: PushingCrm) -> None:
    crm.says("for the first company", conversation="c-old", at=minutes_ago(50), account=JAN)
    crm.says("for the second", conversation="c-new", at=minutes_ago(10), account=FEB)
    run_tasks()
    old, new = crm.conversation("c-old"), crm.conversation("c-new")
    assert old.contact == new.contact and new.contact
    assert str(old.account) == "Fjord Shipping"
    assert str(new.account) == str(new.contact.account) == "Fjord Holding"


def test_news_of_the_old_account_told_late_does_not_move_the_contact_back(crm: PushingCrm) -> None:
    crm.says("for the second", conversation="c-new", at=minutes_ago(10), account=FEB)
    crm.says("for the first company", conversation="c-old", at=minutes_ago(50), account=JAN)
    run_tasks()
    assert str(crm.conversation("c-new").contact.account) == "Fjord Holding"  # type: ignore[union-attr]
    assert str(crm.conversation("c-old").account) == "Fjord Shipping"
