"""Search: what was said and who the customers are, for those only who may see them."""

from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from customers.models import Record
from interactions.models import Conversation
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.crm import PushingCrm, minutes_ago
from tests.work import run_tasks


def test_what_was_said_is_found_with_its_place_marked(crm: PushingCrm, cast: Cast, sign_in: SignIn) -> None:
    crm.says("The nightly export stops at the Norwegian names.", subject="A question", conversation="c-1")
    crm.says(
        "Where is the invoice?", subject="Invoice for the export desk", conversation="c-2", at=minutes_ago(9)
    )
    crm.says("Nothing of the kind.", conversation="c-3")
    run_tasks()
    client = sign_in(cast.ines)
    page = client.get("/search/", {"q": "EXPORT"})
    assert [one.subject for one in page.context["talks"]] == ["A question", "Invoice for the export desk"]
    assert "The nightly <b>export</b> stops" in page.content.decode()
    assert [one.subject for one in client.get("/search/", {"q": "export norwegian"}).context["talks"]] == [
        "A question"
    ]
    for odd in ('"', "' & |", "\\", ":*", "-", "%", "\0", "x" * 900):
        assert client.get("/search/", {"q": odd}).status_code == 200
    nothing = client.get("/search/", {"q": "pelican"}).content.decode()
    assert "Nothing says “pelican”" in nothing


def test_customers_and_numbers_are_found_by_those_who_may_see_them(cast: Cast, sign_in: SignIn) -> None:
    Record.objects.create(
        account=cast.fjord, kind="invoice", external_id="TW-30470", title="Invoice TW-30470", status="due",
        source_updated_at=timezone.now(),
    )  # fmt: skip
    for words, found in (
        ("fjord", "Fjord Shipping"),
        ("sig moe", "Sigrid Moe"),
        ("tw-30470", "Invoice TW-30470"),
    ):
        assert found in [one.text for one in sign_in(cast.ines).get("/search/", {"q": words}).context["links"]]
        assert not sign_in(cast.lukas).get("/search/", {"q": words}).context["links"]


def test_a_stranger_finds_nothing_of_it(
    crm: PushingCrm, cast: Cast, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    crm.says("A word as rare as quillwort.")
    run_tasks()
    assert Conversation.objects.count() == 1
    for person, found in ((cast.lukas, 0), (cast.petra, 1)):
        client = sign_in(person)
        with django_assert_max_num_queries(15):
            page = client.get("/search/", {"q": "quillwort"})
        assert len(page.context["talks"]) == found
