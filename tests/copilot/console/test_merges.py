"""Two contacts side by side: proposed by an agent, merged by the account's manager, taken back."""

import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from copilot.models import Draft
from customers.models import Contact, ContactMerge, Note, Record
from interactions.models import Conversation
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.crm import minutes_ago
from tests.factories import a_contact, a_conversation, a_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(cast: Cast) -> Contact:
    """Sigrid's other address; she gave both the same number."""
    Contact.objects.filter(pk=cast.sigrid.pk).update(phone="+47 22 33 44 55")
    home = a_contact(name="S. Moe", account=cast.fjord, email="sigrid@home.example", phone="0047 22334455")
    talk = a_conversation(team=cast.support, contact=home, subject="From my sofa")
    a_message(conversation=talk)
    return home


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_from_a_hint_to_one_person_and_back(
    cast: Cast, home: Contact, draft: Draft, sign_in: SignIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    ines, karim = sign_in(cast.ines), sign_in(cast.karim)
    Note.objects.create(account=cast.fjord, contact=cast.sigrid, text="Likes mornings", state="accepted",
                        kind="preference", created_at=minutes_ago(9))  # fmt: skip
    here = f"/contacts/{home.pk}/"
    assert here in text(ines.get(f"/accounts/{cast.fjord.pk}/"))
    assert here in text(ines.get(f"/inbox/{home.conversations.get().pk}/"))
    with django_assert_max_num_queries(15):
        page = ines.get(here)
    assert "Has the same phone number." in text(page)
    assert f"with={cast.sigrid.pk}" in text(ines.get(here, {"q": "sigrid@fjord.example"}))
    assert "Nobody whom you look after" in text(ines.get(here, {"q": cast.owen.email}))
    with django_assert_max_num_queries(15):
        sides = text(ines.get(here, {"with": cast.sigrid.pk}))
    for known in ("From my sofa", "When does our contract end?", "Likes mornings", "sigrid@home.example"):
        assert known in sides

    told = {"other": cast.sigrid.pk, "shown": "other", "why": "Same number"}
    proposed = ines.post(here, told)
    assert proposed.status_code == 303
    assert "proposed already" in text(again := ines.post(here, told)) and again.status_code == 422
    url = proposed["Location"]
    waits = text(ines.get(url))
    assert "Proposed by Ines Duarte" in waits and "“Same number”" in waits and "Merge</button>" not in waits
    assert f'href="{url}"' in text(karim.get(f"/accounts/{cast.fjord.pk}/"))
    with django_assert_max_num_queries(15):
        assert "Merge</button>" in text(karim.get(url))
    assert ines.post(f"{url}merge/").status_code == 404
    assert karim.post(f"{url}merge/").status_code == 303
    assert karim.post(f"{url}decline/").status_code == 409

    with django_assert_max_num_queries(15):
        account = text(karim.get(f"/accounts/{cast.fjord.pk}/"))
    assert here not in account and "Sigrid Moe, Support" in account and "S. Moe, Support" not in account
    with django_assert_max_num_queries(15):
        shown = text(ines.get(f"/inbox/{home.conversations.get().pk}/"))
    assert "S. Moe" not in shown and "Sigrid Moe" in shown
    (found,) = ines.get("/search/", {"q": "sigrid@home.example"}).context["links"]
    assert found.text == "Sigrid Moe" and found.note.startswith("S. Moe, ")
    assert karim.post(f"{url}take-back/", {"why": "Sisters"}).status_code == 303
    back = text(karim.get(url))
    assert "Taken back by Karim Haddad" in back and "“Sisters”" in back and "are two" in back
    assert here in text(karim.get(f"/accounts/{cast.fjord.pk}/"))
    assert "same phone number" not in text(ines.get(here)), "people said no: it is not suggested again"


def test_of_two_accounts_one_sees_what_one_may_see(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    """Petra leads both teams; Ines knows Fjord alone."""
    cast.sales.memberships.create(user=cast.petra, role="lead")
    secret = Record.objects.create(
        kind="order", external_id="b-1", title="Order of Bright", contact=cast.owen, account=cast.bright,
        source_updated_at=minutes_ago(5),
    )  # fmt: skip
    petra, ines = sign_in(cast.petra), sign_in(cast.ines)
    here = f"/contacts/{cast.owen.pk}/"
    warned = text(petra.get(here, {"with": cast.sigrid.pk}))
    assert "They belong to different accounts" in warned
    url = petra.post(here, {"other": cast.sigrid.pk, "shown": "other"})["Location"]
    assert petra.post(f"{url}merge/").status_code == 303
    fjord = f"/accounts/{cast.fjord.pk}/"
    assert secret.title in text(petra.get(fjord)) and secret.title not in text(ines.get(fjord))
    assert ines.get(url).status_code == ines.get(here).status_code == 404

    source = {**draft.sources[0], "id": f"r{secret.pk}", "title": secret.title, "n": 2,
              "quote": secret.title, "url": f"/accounts/{cast.bright.pk}/"}  # fmt: skip
    Draft.objects.filter(pk=draft.pk).update(sources=[*draft.sources, source])
    talk = f"/inbox/{draft.conversation_id}/"
    assert secret.title in text(petra.get(talk)) and secret.title not in text(ines.get(talk))


def test_who_was_not_proven_is_merged_with_nobody(cast: Cast, home: Contact, sign_in: SignIn) -> None:
    talk: Conversation = home.conversations.get()
    talk.messages.update(unproven=True)
    petra = sign_in(cast.petra)
    assert petra.get(f"/contacts/{home.pk}/").status_code == 404
    assert petra.post(f"/contacts/{cast.sigrid.pk}/", {"other": home.pk}).status_code == 404
    assert "phone number." not in text(petra.get(f"/contacts/{cast.sigrid.pk}/"))
    assert f"/contacts/{home.pk}/" not in text(petra.get(f"/inbox/{talk.pk}/"))
    assert not ContactMerge.objects.exists()
