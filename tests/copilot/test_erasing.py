"""A contact is erased: no word of theirs is left in any column or file, and nothing told late brings it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from copilot import decisions
from copilot.board import Assumption, Board, Evidence, Scenario
from copilot.decisions import Actor
from copilot.drafting import opening, work
from copilot.drafting.engine import Reply, Say
from copilot.models import (
    Decision,
    Draft,
    PastReply,
    Rehearsal,
    RehearsedReply,
    Strategy,
    StrategyDecision,
    StrategyRound,
)
from copilot.relationship import promises, strategies
from customers.models import Account, Contact, Erasure, Note, Promise, Record
from interactions import erasing, files
from interactions.models import Approval, Connection, Conversation, InboxEvent, Message, OutboxMessage
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.api.calling import Program, a_draft, is_problem, program_of, program_of_connection
from tests.crm import PushingCrm, event, minutes_ago, received
from tests.factories import PASSWORD
from tests.work import deliver_rows, end_undo_time, run_tasks

M = "zyxmarker"  # stands in everything that is Sigrid's
SIGRID = {"id": f"p-{M}", "name": f"{M} Moe", "email": f"{M}@fjord.example", "phone": f"+47 {M}"}
ERIK = {"id": "p-2", "name": "Erik Dahl", "email": "erik@fjord.example"}
COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'public'
  AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea', 'tsvector')
"""


@pytest.fixture
def written(settings: Settings, tmp_path: Path) -> Path:
    """Where mail goes when no mail server is set."""
    settings.MAILERS = {
        "default": {
            "BACKEND": "interactions.channels.mail_files.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path)},
        }
    }
    return tmp_path


def left(folder: Path) -> list[str]:
    """Every column of the database and every file in which the marker still stands."""
    found = [str(file) for file in folder.rglob("*") if file.is_file() and M.encode() in file.read_bytes()]
    with database.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column, kind in cursor.fetchall():
            words = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE position(%s IN {words}) > 0', [M])
            found += [f"{table}.{column}"] * cursor.fetchone()[0]
    return found


def history(crm: PushingCrm) -> Iterator[dict[str, Any]]:
    """What the CRM tells of Sigrid, and of Erik beside her, all before she is erased."""
    told = {"contact": SIGRID, "subject": f"About {M}"}
    yield received(
        f"I am {M}.\n\nOn Monday Ines wrote:\n> {M}", conversation=f"c-{M}", message=f"m1-{M}",
        html=f"<p>I am {M}</p>", cc=[f"{M}@home.example"], attachments=[{"name": f"{M}.pdf"}],
        at=minutes_ago(50), **told,
    )  # fmt: skip
    yield received(f"Add {M} please", conversation="c-both", message="m2", at=minutes_ago(49), **told)
    yield received(
        f"Me too, please.\n\nOn Monday Sigrid wrote:\n> {M}", conversation="c-both", message="m3",
        contact=ERIK, cc=[SIGRID["email"]], at=minutes_ago(40),
    )  # fmt: skip
    yield received("And my order?", conversation="c-erik", message="m4", contact=ERIK, at=minutes_ago(39),
                   cc=[SIGRID["email"]])  # fmt: skip
    account = {"id": "a-1", "name": "Fjord Shipping"}
    yield event(
        "contact.changed", {**SIGRID, "title": M, "account": account, "fields": {"k": M}}, minutes_ago(38)
    )
    record = {"id": f"o-{M}", "kind": "order", "title": M, "contact_id": SIGRID["id"], "fields": {"of": M}}
    yield event("record.changed", record, minutes_ago(37))
    note = {"id": f"n-{M}", "account_id": "a-1", "contact_id": SIGRID["id"], "text": f"{M} likes mornings"}
    yield event("note.changed", note, minutes_ago(36))
    rating = {
        "conversation": {"id": f"c-{M}"},
        "score": 2,
        "comment": M,
        "rated_at": minutes_ago(35).isoformat(),
    }
    yield event("conversation.rated", rating, minutes_ago(35))
    yield event("visit.booked", {"who": SIGRID["id"], "words": M}, minutes_ago(34))


def plant_strategy(account: Account, cast: Cast, *cited: str) -> None:
    """A round by rule, one by a model that may have said their words anew, and a decision on it."""
    account.teams.add(cast.support)
    row = strategies.begin(account, cast.karim, strategies.Told(f"Renew\nWith {M}", f"Not {M}", f"{M} decides"))
    told = tuple(Evidence(one, f"{M} said it", M) for one in cited)
    board = Board(
        (Assumption("A1", f"{M} stays", was=f"{M} goes"), Assumption("A2", "Prices hold")),
        (Scenario("S1", f"Ask {M}", steps=(f"Call {M}",), rests_on=("A1",), evidence=told),
         Scenario("S2", "Wait", steps=("Do nothing", f"Mail {M}"), risks=(M,), rests_on=("A2",))),
    )  # fmt: skip
    made = StrategyRound.objects.create(
        strategy=row, n=2, board=board.to_json(), by_copilot=True, engine="claude", instruction=f"Mind {M}"
    )
    lines = [{"key": "S1", "title": f"Ask {M}", "chosen": True, "why": f"{M} wants it"}]
    StrategyDecision.objects.create(
        strategy=row, round=made, lines=lines, expected=M, actual=f"Signed\nby {M}", revisit_on=row.created_at
    )


def plant(crm: PushingCrm, cast: Cast, ines: Program) -> None:
    for body in history(crm):
        crm.push(body)
    crm.push(f'{{"type": "message.received", "of": "p-{M}", broken'.encode())
    run_tasks()
    of_sigrid, both, of_erik = (crm.conversation(one) for one in (f"c-{M}", "c-both", "c-erik"))
    note, said = Note.objects.get(), of_sigrid.messages.get()
    promise = Promise.objects.create(
        account=note.account, contact=note.contact, text=M, quote=M, made_at=said.sent_at
    )
    said.quotes.create(promise=promise, text=M)
    source = {"id": f"n{note.pk}", "n": 1, "kind": "note", "title": M, "author": M, "quote": M, "marks": [3]}
    for conversation in (of_sigrid, both):
        files.add(conversation, SimpleUploadedFile(f"{M}.txt", M.encode(), "text/plain"), cast.ines)
    for conversation in (of_sigrid, both, of_erik):
        conversation.drafts.all().delete()
        a_draft(conversation=conversation, text=f"Dear {M}", sources=[source], edited_text=f"My {M}",
                instructions=[] if conversation == of_erik else [M], missing=[M],
                unused=[{"what": M, "why": M}])  # fmt: skip
    rehearsal = Rehearsal.objects.create(team=both.team, seed=1, size=2, of=2)
    for conversation in (both, of_erik):  # what was rehearsed on Erik's may quote a note about her
        rehearsal.replies.create(
            message=conversation.messages.last(), conversation=conversation, state="done", text=f"Dear {M}",
            missing=[M], checks=[{"words": M}], distance=0.5, due_at=timezone.now(),
        )  # fmt: skip
    plant_strategy(note.account, cast, f"m{said.pk}", f"n{note.pk}")
    first = of_sigrid.drafts.get()
    decisions.escalate(first.pk, first.version, Actor(cast.ines), cast.petra, question=f"What of {M}?")
    first.refresh_from_db()
    body = {"kind": "edit", "version": first.version, "text": f"Dear {M}, yes."}
    assert ines.post(f"drafts/{first.pk}/decisions/", body, once="k1").status_code == 201
    end_undo_time()
    deliver_rows()
    reply = ines.post(f"conversations/{both.pk}/replies/", {"text": f"Both of you, {M}"}, once="k2")
    assert reply.status_code == 201  # and it is in its undo time
    for conversation in (of_sigrid, both):
        asked = {"text": f"soon, {M}"}
        assert ines.post(f"conversations/{conversation.pk}/our-words/", asked).status_code == 200


@pytest.mark.django_db
def test_what_was_told_of_somebody_without_an_address_goes_too(
    crm: PushingCrm, cast: Cast, listening: Connection
) -> None:
    """A promise to them went along with a colleague's conversation."""
    crm.push(received("Hello", contact=ERIK, message="m-erik"))
    nameless = {"id": f"p-{M}", "name": f"{M} Moe", "phone": f"+47 {M}"}
    crm.tells("contact.changed", {**nameless, "account": {"id": "a-1", "name": "Fjord Shipping"}})
    run_tasks()
    them = Contact.objects.get(email="", name=f"{M} Moe")
    assert them.account
    promises.make_promise(them.account, f"A call for {M}.", cast.ines, contact=them)
    promises.make_promise(
        them.account, "A crate for Erik.", cast.ines, contact=Contact.objects.get(name="Erik Dahl")
    )
    deliver_rows()
    assert erasing.erase(them.pk, person=cast.ada)
    [kept] = OutboxMessage.objects.filter(type="promise.made")
    assert b"Erik" in bytes(kept.payload)


@pytest.mark.django_db
def test_nothing_is_left_anywhere(crm: PushingCrm, cast: Cast, written: Path, client: Client) -> None:
    ines = program_of(cast.ines)
    plant(crm, cast, ines)
    assert len(set(left(written))) > 40 and PastReply.objects.exists()
    AuditEntry.objects.create(
        verb="read", target=f"conversation:{crm.conversation(f'c-{M}').pk}", detail={"a": M}
    )
    paused_body = received(f"Still {M}", conversation=f"c-{M}", message="m9", contact=SIGRID, at=minutes_ago(3))
    crm.push(paused_body, key="waits")  # due, and not applied yet

    crm.tells("contact.erased", {"id": SIGRID["id"]})
    InboxEvent.objects.filter(key="waits").update(due_at=timezone.now() + timedelta(minutes=5))
    run_tasks()

    assert left(written) == [] and not RehearsedReply.objects.exists()
    assert not Contact.objects.filter(name__contains="Moe", identities__isnull=False).exists()
    assert not OutboxMessage.objects.exists() and not Approval.objects.exists()
    both = crm.conversation("c-both")
    assert [(m.text, m.author_name) for m in both.messages.order_by("sent_at")] == [
        ("Erased", ""),
        ("Me too, please.", "Erik Dahl"),
    ]
    assert both.contact is None and both.waiting_since == both.messages.get(external_id="m3").sent_at
    assert both.drafts.get().answers == both.messages.get(external_id="m3"), "Erik still gets his answer"
    assert crm.conversation("c-erik").drafts.get().envelope["cc"] == []

    row = Strategy.objects.get()
    kept = Board.from_json(StrategyRound.objects.get(n=2).board)
    assert row.aim == "Renew\nErased" and row.decision.actual == "Signed\nErased"
    assert [one.text for one in kept.assumptions] == ["Erased", "Prices hold"]
    assert [one.steps for one in kept.scenarios] == [(), ("Do nothing", "Erased")]

    receipt = Erasure.objects.get()
    assert (receipt.source, receipt.person) == (crm.connection.pk, None)
    assert receipt.counts["conversations"] == receipt.counts["mails"] == receipt.counts["past replies"] == 1
    assert receipt.counts["records"] == receipt.counts["notes"] == receipt.counts["promises"] == 1
    assert receipt.counts["strategies"] == 1
    again = ines.post(f"conversations/{both.pk}/replies/", {"text": f"Both of you, {M}"}, once="k2")
    assert again.status_code == 410 and not Decision.objects.exists()


@pytest.mark.django_db
def test_what_is_told_late_stays_out_and_a_new_message_is_somebody_new(
    crm: PushingCrm, cast: Cast, written: Path
) -> None:
    for body in history(crm):
        crm.push(body)
    run_tasks()
    at = minutes_ago(1)
    crm.tells("contact.erased", {"id": SIGRID["id"]}, at)
    run_tasks()
    for body in history(crm):  # a backfill tells it all once more
        crm.push(body)
    crm.tells("conversation.changed", {"id": f"c-{M}", "subject": M, "status": "open"})
    crm.tells("contact.erased", {"id": SIGRID["id"]}, at)
    run_tasks()
    assert left(written) == ["interactions_inboxevent.body"] * 3, (
        "an unknown type is kept, and Erik's own mails"
    )
    assert crm.last_event().reason == "this contact was erased already"
    assert not Conversation.objects.filter(external_id=f"c-{M}").exists() and Erasure.objects.count() == 1

    crm.says("It is me again", contact=SIGRID, conversation=f"c-{M}")
    run_tasks()
    assert [m.text for m in crm.conversation(f"c-{M}").messages.all()] == ["It is me again"]
    assert not Record.objects.exists() and not Note.objects.exists()


@pytest.mark.django_db
def test_an_erasure_that_overtakes_the_contact(crm: PushingCrm, written: Path) -> None:
    """Whichever comes first, they end the same."""
    crm.tells("contact.erased", {"id": SIGRID["id"]})
    crm.push(next(history(crm)))
    run_tasks()
    assert left(written) == [] and not Contact.objects.filter(identities__isnull=False).exists()
    assert Erasure.objects.get().counts == {}


@pytest.mark.django_db
def test_an_admin_erases_over_rest_and_in_the_console(cast: Cast, crm: PushingCrm, client: Client) -> None:
    crm.says("Hello", contact=ERIK)
    run_tasks()
    erik, url = Contact.objects.get(name="Erik Dahl"), "contacts/{}/erasure/"
    ada, petra = program_of(cast.ada), program_of(cast.petra)
    assert is_problem(petra.post(url.format(erik.pk)), 403)
    made = ada.post(url.format(erik.pk))
    assert made.status_code == 201 and made.json()["counts"]["messages"] == 1
    assert is_problem(ada.post(url.format(erik.pk)), 404)
    assert [one["id"] for one in ada.get("erasures/", external_id="p-2").json()["results"]] == [
        made.json()["id"]
    ]
    assert ada.get("erasures/", external_id="p-3").json()["results"] == []
    assert petra.get("erasures/").json()["results"] == []
    assert program_of_connection(crm.connection).get("erasures/").json()["results"] == []
    assert AuditEntry.objects.get(verb="erased").target == f"contact:{erik.pk}"

    client.login(username=cast.ada.email, password=PASSWORD)
    page = client.get("/settings/erasures/", {"q": cast.sigrid.email}).content.decode()
    assert f"/settings/erasures/{cast.sigrid.pk}/" in page
    assert client.post(f"/settings/erasures/{cast.sigrid.pk}/").status_code == 303
    shown = client.get("/settings/erasures/").content.decode()
    assert "Ada Quist" in shown and "1 contacts" in shown and "Sigrid" not in shown
    client.login(username=cast.petra.email, password=PASSWORD)
    assert client.get("/settings/erasures/").status_code == 404


class ErasedMeanwhile:
    """An engine whose customer is erased while it writes; `late` when it has said its last word by then."""

    name = "offline"

    def __init__(self, contact: Contact, *, late: bool) -> None:
        self._contact, self._late = contact, late

    def write(self, context: object, say: Say) -> Reply:
        if self._late:
            say("Dear you")
        erasing.erase(self._contact.pk)
        if not self._late:
            say("Dear you")
        return Reply("Dear you, yes.")


@pytest.mark.django_db
@pytest.mark.parametrize("late", [False, True])
def test_a_draft_that_is_being_written(
    crm: PushingCrm, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, late: bool
) -> None:
    crm.says("When?", contact=ERIK)
    run_tasks()
    draft = opening.open_draft(crm.conversation())
    assert draft is not None
    engine = ErasedMeanwhile(Contact.objects.get(name="Erik Dahl"), late=late)
    monkeypatch.setattr(work, "engine_in_use", lambda: engine)
    work.work(draft.pk)
    assert not Draft.objects.exists() and not Message.objects.exists()
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []
