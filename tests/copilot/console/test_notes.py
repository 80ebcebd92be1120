"""Notes wait for a person: accepted, said better, rejected, taken back; nothing unreviewed reaches a draft."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from copilot.context.build import build_context
from copilot.models import Draft
from customers.models import Note
from interactions.models import Conversation, Quote
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn, htmx
from tests.crm import minutes_ago

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposed(cast: Cast, talk: Conversation) -> list[Note]:
    """Three that wait, the first with the words it was taken from."""
    told = ("Wants dates, not days", "Moves to Bergen", "Signs alone")
    rows = [
        Note.objects.create(
            account=cast.fjord, contact=cast.sigrid, text=text, kind="preference", created_at=minutes_ago(9 - n)
        )
        for n, text in enumerate(told)
    ]
    Quote.objects.create(note=rows[0], message=talk.messages.get(), text="When does our contract end?")
    return rows


def say(client: Client, note: Note, fate: str, text: str = "") -> str:
    """What the page then says, with the note read again."""
    answer = client.post(f"/notes/{note.pk}/", {"fate": fate, "text": text}, follow=True)
    assert answer.status_code == 200
    note.refresh_from_db()
    return answer.content.decode()


def test_one_after_the_other_and_back(
    cast: Cast,
    draft: Draft,
    proposed: list[Note],
    sign_in: SignIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    karim = sign_in(cast.karim)
    first, second, third = proposed
    with django_assert_max_num_queries(15):
        page = karim.get("/notes/").content.decode()
    assert (
        "3 notes to review" in page
        and "“When does our contract end?”" in page
        and "Open the conversation" in page
    )
    known = {item.text for item in build_context(draft).items if item.kind == "note"}
    assert not known, "what nobody reviewed enters no draft"

    assert "Drafts know it from now on" in say(karim, first, "accept")
    assert "in your words" in say(karim, second, "correct", "Moves to Bergen in May")
    assert "No draft will know it" in say(karim, third, "reject")
    assert [one.state for one in proposed] == ["accepted", "accepted", "rejected"]
    assert "Nothing to review" in karim.get("/notes/").content.decode()
    known = {item.text for item in build_context(draft).items if item.kind == "note"}
    assert known == {"Wants dates, not days", "Moves to Bergen in May"}

    assert "Somebody decided" in say(sign_in(cast.petra), first, "reject")
    assert "Somebody decided" in say(sign_in(cast.petra), first, "back"), "one takes back one's own word only"
    assert "It waits for you again" in say(karim, second, "back")
    assert (second.state, second.decided_by) == ("proposed", None)
    deeds = AuditEntry.objects.filter(target__startswith="note:").order_by("pk").values_list("verb", flat=True)
    assert list(deeds) == ["accepted note", "corrected note", "rejected note", "took back note"]


def test_a_key_brings_the_next_one_without_a_new_page(
    cast: Cast, proposed: list[Note], sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    karim, (first, second, _) = sign_in(cast.karim), proposed
    with django_assert_max_num_queries(15 + 2):  # two make a savepoint, in tests alone
        part = karim.post(f"/notes/{first.pk}/", {"fate": "accept"}, headers=htmx("queue")).text
    assert "<html" not in part and "Moves to Bergen" in part and "2 notes to review" in part
    assert 'id="status"' in part and "Drafts know it from now on" in part
    late = karim.post(f"/notes/{first.pk}/", {"fate": "reject"}, headers=htmx("queue")).text
    assert "Somebody decided on this note just now" in late and f'id="note-{second.pk}"' in late
    assert "Drafts know it" not in karim.get("/notes/").text, "it was said already"


def test_a_correction_needs_words_and_stands_as_they_are(
    cast: Cast, proposed: list[Note], sign_in: SignIn
) -> None:
    assert "needs words" in say(sign_in(cast.karim), proposed[0], "correct", "  ")
    assert proposed[0].state == "proposed"
    say(sign_in(cast.karim), proposed[0], "correct", "Wants dates <only>")
    page = sign_in(cast.ines).get(f"/accounts/{cast.fjord.pk}/").content.decode()
    assert "Wants dates &lt;only&gt;" in page


def test_others_see_and_decide_nothing_here(cast: Cast, proposed: list[Note], sign_in: SignIn) -> None:
    """A lead of another team; and the team's own agents, who propose."""
    wanda, ines = sign_in(cast.wanda), sign_in(cast.ines)
    assert "Nothing to review" in wanda.get(f"/notes/?note={proposed[0].pk}").content.decode()
    assert wanda.get("/notes/", {"note": "²"}).status_code == 200
    for one in (wanda, ines):
        assert one.post(f"/notes/{proposed[0].pk}/", {"fate": "accept"}).status_code == 404
    assert ines.get("/notes/").status_code == 404 and 'href="/notes/"' not in ines.get("/inbox/").text
    assert sign_in(cast.karim).get(f"/notes/{proposed[0].pk}/").status_code == 405


def test_what_says_the_same_or_the_opposite_is_settled_beside_it(
    cast: Cast, proposed: list[Note], sign_in: SignIn
) -> None:
    karim = sign_in(cast.karim)
    first, second, third = proposed
    say(karim, first, "accept")
    say(karim, second, "correct", "Wants dates, not numbers of 14 days")
    elsewhere = Note.objects.create(
        account=cast.bright, kind="preference", text="Quiet", state="accepted", created_at=minutes_ago(1)
    )

    Quote.objects.create(note=third, message=Quote.objects.get().message, text="I sign by myself")

    def settle(fate: str, other: object) -> str:
        page = karim.post(f"/notes/{third.pk}/", {"fate": fate, "other": other}, follow=True).text
        third.refresh_from_db()
        return page

    assert "They say the same" in karim.get("/notes/").text
    for other in (elsewhere.pk, third.pk, "²", ""):
        assert "Nothing was changed" in settle("over", other) and third.state == "proposed"
    assert "more evidence" in settle("merge", first.pk) and third.superseded_by == first
    account = f"/accounts/{cast.fjord.pk}/"
    evidence = "<blockquote>“I sign by myself”</blockquote>"
    assert evidence in karim.get(account).text and "contract end?”</blockquote>" in karim.get(account).text
    assert "waits for you again" in say(karim, third, "back")
    page = karim.post(f"/notes/{third.pk}/", {"fate": "over", "other": first.pk, "shown": 1, "mention": "on"})
    first.refresh_from_db()
    assert page.status_code == 303 and (first.state, first.superseded_by) == ("superseded", third)
    page_after = karim.get(account).text
    assert evidence in page_after and "contract end?”</blockquote>" not in page_after

    Note.objects.filter(pk=third.pk).update(state="expired")
    assert "Still so" in karim.get("/notes/").text
    assert "Drafts know it again" in say(karim, third, "renew") and third.state == "accepted"
