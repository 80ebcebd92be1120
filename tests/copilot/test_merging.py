"""Two contacts turn out to be one person: proposed, merged, taken back, erased; nothing is moved by it."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db import connection as database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copilot.context.build import CONVERSATION, build_context
from copilot.context.value import Context
from copilot.drafting.switch import people_only
from copilot.models import Draft
from customers import merging
from customers.models import Contact, ContactMerge, Erasure, Promise
from people.models import AuditEntry
from tests.cast import Cast
from tests.conftest import EXPLORE
from tests.copilot.api.calling import Program, is_problem, program_of, program_of_connection
from tests.crm import SIGRID, PushingCrm, minutes_ago
from tests.factories import a_contact
from tests.work import run_tasks

pytestmark = pytest.mark.django_db
HOME = {"id": "p-2", "name": "S. Moe", "email": "sigrid@home.example"}
STRANGER = {"id": "p-3", "name": "Mallory", "email": "mallory@evil.example"}


@pytest.fixture
def world(crm: PushingCrm, cast: Cast) -> PushingCrm:
    """Sigrid wrote from work, where much is known of her, and from home, where nothing is."""
    crm.says("Where is order 4411?", at=minutes_ago(90))
    crm.answers("It left on Friday.", at=minutes_ago(80))
    crm.tells("record.changed", {"id": "o-1", "kind": "order", "title": "Order 4411", "contact_id": "p-1"})
    crm.tells(
        "note.changed", {"id": "n-1", "account_id": "a-1", "contact_id": "p-1", "text": "Likes mornings."}
    )
    crm.says("Any news of it?", conversation="c-2", contact=HOME, account=None, at=minutes_ago(60))
    run_tasks()
    account = crm.conversation().account
    assert account is not None
    account.manager = cast.karim
    account.save()
    return crm


def contact_of(crm: PushingCrm, external_id: str = "p-1") -> Contact:
    return Contact.objects.get(identities__source=crm.connection.pk, identities__external_id=external_id)


def knows(crm: PushingCrm, conversation: str) -> Context:
    related = (f"conversation__{name}" for name in CONVERSATION)
    talk = crm.conversation(conversation)
    return build_context(Draft.objects.select_related(*related).filter(conversation=talk).latest("n"))


def words(context: Context) -> str:
    return "\n".join(item.text for item in context.items)


def rows() -> dict[str, list[Any]]:
    """All that a merge might touch, as it stands in the database."""
    found = {}
    with database.cursor() as cursor:
        for table in ("customers_contact", "customers_identity", "customers_note", "customers_record",
                      "customers_promise", "interactions_conversation", "interactions_message"):  # fmt: skip
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            found[table] = cursor.fetchall()
    return found


def propose(who: Program, crm: PushingCrm, **more: Any) -> Any:
    body = {"contact": contact_of(crm, "p-2").pk, "into": contact_of(crm).pk, "why": "Same signature"}
    return who.post("merges/", body | more)


def merged(crm: PushingCrm, petra: Program) -> str:
    merge = propose(petra, crm).json()["id"]
    assert petra.post(f"merges/{merge}/decision/", {"kind": "merge"}).status_code == 200
    return f"merges/{merge}/decision/"


def test_who_proposes_who_decides_and_who_sees_nothing_of_it(world: PushingCrm, cast: Cast) -> None:
    ines, petra, lukas = (program_of(one) for one in (cast.ines, cast.petra, cast.lukas))
    made = ines.post(
        "merges/", body := {"contact": contact_of(world, "p-2").pk, "into": contact_of(world).pk}, once="k"
    )
    assert (made.status_code, made.json()["state"], made.json()["proposed_by"]) == (
        201,
        "proposed",
        cast.ines.pk,
    )
    assert ines.post("merges/", body, once="k").json() == made.json()
    assert is_problem(propose(petra, world), 409, "refused"), "it is proposed already"
    turned = {"contact": body["into"], "into": body["contact"]}
    assert is_problem(propose(petra, world, **turned), 409, "refused"), "the other way round it is the same"
    for wrong in ({"into": body["contact"]}, {"contact": cast.owen.pk}, {"into": "her"}):
        assert propose(petra, world, **wrong).status_code in (400, 409)
    assert is_problem(propose(lukas, world), 400, "invalid")
    assert is_problem(propose(program_of_connection(world.connection), world), 403)

    here = f"merges/{made.json()['id']}/"
    assert lukas.get(here).status_code == 404 and lukas.get("merges/").json()["results"] == []
    assert is_problem(lukas.post(f"{here}decision/", {"kind": "merge"}), 404)
    assert is_problem(ines.post(f"{here}decision/", {"kind": "merge"}), 403)
    assert is_problem(petra.post(f"{here}decision/", {"kind": "take_back"}), 409, "refused")
    assert petra.post(f"{here}decision/", {"kind": "decline"}).json()["decided_by"] == cast.petra.pk
    late = petra.post(f"{here}decision/", {"kind": "merge"})
    assert is_problem(late, 409, "refused") and "declined" in late.json()["detail"]
    assert not Contact.objects.exclude(shown_as=None).exists()
    verbs = AuditEntry.objects.filter(target__startswith="contactmerge:").order_by("pk")
    assert list(verbs.values_list("verb", "person")) == [
        ("proposed merge", cast.ines.pk), ("declined merge", cast.petra.pk),
    ]  # fmt: skip


def test_drafts_know_both_and_nothing_is_left_once_it_is_taken_back(world: PushingCrm, cast: Cast) -> None:
    petra = program_of(cast.petra)
    before, known_before = rows(), [knows(world, one).items for one in ("c-1", "c-2")]
    assert "4411" not in words(knows(world, "c-2")).replace("Any news", "")
    here = merged(world, petra)

    home = knows(world, "c-2")
    for known in ("Order 4411", "Likes mornings.", "It left on Friday."):
        assert known in words(home)
    assert (home.customer, home.customer_email) == ("Sigrid Moe", "sigrid@home.example")
    world.says("It came!", conversation="c-2", contact=HOME, account=None)
    world.says("From work again", contact=SIGRID)
    run_tasks()
    assert world.conversation("c-2").contact == contact_of(world, "p-2"), "it arrives where it did"
    assert Draft.objects.filter(conversation=world.conversation("c-2")).latest("n").envelope["to"] == [
        HOME["email"]
    ]
    found = petra.get("conversations/", contact=contact_of(world).pk).json()["results"]
    assert {one["external_id"] for one in found} == {"c-1", "c-2"}
    Contact.objects.filter(pk=contact_of(world, "p-2").pk).update(people_only=True)
    assert people_only(world.conversation("c-1")) == contact_of(world, "p-2"), "one of them is enough"
    Contact.objects.update(people_only=False)

    draft = Draft.objects.filter(conversation=world.conversation("c-2")).latest("n")
    Draft.objects.filter(pk=draft.pk).update(state="ready", text="Good that order 4411 came.")
    assert (
        petra.post(here, {"kind": "take_back", "why": "Two sisters"}).json()["taken_back_by"] == cast.petra.pk
    )
    draft.refresh_from_db()
    assert (draft.state, draft.text) == ("queued", ""), "it was written from what is known of both"
    after = rows()
    assert not Contact.objects.exclude(shown_as=None).exists()
    for table in ("customers_identity", "customers_note", "customers_record"):
        assert after[table] == before[table]
    assert "4411" not in words(knows(world, "c-2"))
    assert [one.id for one in knows(world, "c-1").items if one.kind != "message"] == [
        one.id for one in known_before[0] if one.kind != "message"
    ]


def test_merged_and_taken_back_at_once_is_as_if_it_never_was(world: PushingCrm, cast: Cast) -> None:
    before, petra = (rows(), [knows(world, one).items for one in ("c-1", "c-2")]), program_of(cast.petra)
    petra.post(merged(world, petra), {"kind": "take_back"})
    assert (rows(), [knows(world, one).items for one in ("c-1", "c-2")]) == before


def test_erasing_one_erases_the_person(world: PushingCrm, cast: Cast) -> None:
    petra = program_of(cast.petra)
    world.says("I am somebody else", conversation="c-3", contact=STRANGER)
    run_tasks()
    merged(world, petra)
    Promise.objects.create(account=contact_of(world).account, contact=contact_of(world, "p-2"), text="A call",
                           made_at=minutes_ago(1))  # fmt: skip
    world.tells("contact.erased", {"id": "p-2"})
    run_tasks()
    assert list(Contact.objects.filter(identities__isnull=False).values_list("name", flat=True)) == ["Mallory"]
    receipt = Erasure.objects.get()
    went = {name: receipt.counts[name] for name in ("contacts", "merges", "conversations", "promises", "notes")}
    assert went == {"contacts": 2, "merges": 1, "conversations": 2, "promises": 1, "notes": 1}
    assert not ContactMerge.objects.exists()
    both = {
        row["id"]
        for name in ("p-1", "p-2")
        for row in program_of(cast.ada).get("erasures/", external_id=name).json()["results"]
    }
    assert both == {receipt.pk}, "the receipt knows all their names"


KINDS = ["propose", "merge", "merge", "part", "decline"]
DEEDS = st.tuples(st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 2))


@settings(
    max_examples=EXPLORE or 12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=st.lists(DEEDS, min_size=4, max_size=14))
def test_whatever_people_decide_nobody_stands_behind_somebody_hidden(
    cast: Cast, deeds: list[tuple[str, int, int]]
) -> None:
    """Every group is exactly what the merges say that were not taken back; and a refusal changes nothing."""
    three = [a_contact(name=f"Sigrid {number}", account=cast.fjord) for number in range(3)]
    for deed, one, other in deeds:
        with suppress(merging.NotPossible):
            act(deed, three[one], three[other], cast)
        stand = {row.pk: row.shown_as_id for row in Contact.objects.filter(pk__in=[row.pk for row in three])}
        rows = ContactMerge.objects.filter(state="merged", contact__in=three).values_list("contact", "into")
        expected = dict(rows) | {into: into for _, into in rows}
        assert stand == {row.pk: expected.get(row.pk) for row in three}
        assert all(stand[shown] == shown for shown in stand.values() if shown), "no chain, no circle"


def act(deed: str, one: Contact, other: Contact, cast: Cast) -> None:
    one.refresh_from_db()
    other.refresh_from_db()
    if deed in ("propose", "merge"):
        with suppress(merging.NotPossible):
            merging.propose(one, other, cast.ines, "")
    merge = ContactMerge.objects.filter(contact=one).order_by("-pk").first()
    if merge and deed == "part":
        merging.part(merge, cast.petra, "")
    elif merge and deed != "propose":
        {"merge": merging.merge_proposed, "decline": merging.decline}[deed](merge, cast.petra)


def test_the_database_itself_refuses_a_chain(cast: Cast) -> None:
    first, second, third = (a_contact(name=name, account=cast.fjord) for name in ("A", "B", "C"))
    for wrong in (
        {first: second},
        {first: second, second: first},
        {first: first, second: first, third: second},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            for one, shown in wrong.items():
                Contact.objects.filter(pk=one.pk).update(shown_as=shown)
