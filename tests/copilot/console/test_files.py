"""Files: a customer's are opened by whoever may see the conversation, ours leave exactly as approved."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from copilot.models import Draft
from interactions import files
from interactions.letter import Letter
from interactions.models import Connection, File, OutboxMessage
from tests.cast import Cast
from tests.copilot.api.calling import V1, is_problem, program_of
from tests.copilot.console.made import SignIn, htmx
from tests.work import deliver_rows, end_undo_time

TERMS = b"%PDF-1.4 the terms"


def chosen(name: str = "terms.pdf", content: bytes = TERMS) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/pdf")


def post(client: Client, draft: Draft, verb: str, **fields: Any) -> Any:
    sent = {"version": draft.version, "text": "See the terms.", **fields}
    return client.post(f"/inbox/{draft.conversation_id}/drafts/{draft.n}/{verb}/", sent, headers=htmx("draft"))


@pytest.fixture
def by_mail(draft: Draft) -> Draft:
    draft.conversation.connection = None
    draft.conversation.save(update_fields=["connection"])
    return draft


def test_a_file_is_chosen_kept_approved_and_leaves_as_it_is(
    cast: Cast, by_mail: Draft, sign_in: SignIn, mailoutbox: list[Any]
) -> None:
    ines = sign_in(cast.ines)
    card = post(ines, by_mail, "edit", attach="1", file=[chosen(), chosen("terms again.pdf")]).content.decode()
    kept = File.objects.get()
    assert (kept.name, bytes(kept.content), kept.person) == ("terms.pdf", TERMS, cast.ines)
    assert f'name="attachments" value="{kept.sha256}" checked' in card and "See the terms." in card

    # Chosen and not added yet: nothing leaves without it.
    early = post(ines, by_mail, "approve", attachments=kept.sha256, file="[object File]")
    assert early.status_code == 422 and "not added yet" in early.content.decode()
    post(ines, by_mail, "edit", close="1", attachments=kept.sha256)
    assert f'value="{kept.sha256}" checked' in post(ines, by_mail, "edit", take="1").content.decode()

    by_mail.refresh_from_db()
    assert post(ines, by_mail, "approve", attachments=kept.sha256).status_code == 200
    letter = Letter.read(bytes(OutboxMessage.objects.get(kind="reply").payload))
    assert [(one.name, one.sha256) for one in letter.attachments] == [("terms.pdf", kept.sha256)]
    end_undo_time()
    deliver_rows()
    [mail] = mailoutbox
    [attached] = mail.attachments
    assert (attached.filename, attached.content, attached.mimetype) == ("terms.pdf", TERMS, "application/pdf")

    own = f"/inbox/{by_mail.conversation_id}/files/{kept.sha256}/"
    page = ines.get(f"/inbox/{by_mail.conversation_id}/").content.decode()
    assert f'href="{own}"' in page
    opened = ines.get(own)
    assert (opened.content, opened["Content-Type"]) == (TERMS, "application/octet-stream")
    assert opened["Content-Disposition"] == 'attachment; filename="terms.pdf"'
    assert "sandbox" in opened["Content-Security-Policy"]
    assert sign_in(cast.lukas).get(own).status_code == 404


def test_a_file_that_is_not_what_was_approved_does_not_leave(
    cast: Cast, by_mail: Draft, sign_in: SignIn, mailoutbox: list[Any]
) -> None:
    kept = files.add(by_mail.conversation, chosen(), cast.ines)
    assert post(sign_in(cast.ines), by_mail, "approve", attachments=kept.sha256).status_code == 200
    File.objects.update(content=b"other terms")
    end_undo_time()
    deliver_rows()
    row = OutboxMessage.objects.get(kind="reply")
    assert (row.state, mailoutbox) == ("dead", []) and "not kept as it was approved" in row.reason


@pytest.mark.parametrize(
    ("files_", "why"),
    [
        ([chosen(content=b"")], "is empty"),
        ([chosen(f"{n}.txt", b"%d" % n) for n in range(11)], "At most 10 files"),
    ],
)
def test_what_does_not_fit_is_said_and_the_text_is_kept(
    cast: Cast, draft: Draft, sign_in: SignIn, files_: list[Any], why: str
) -> None:
    answer = post(sign_in(cast.ines), draft, "edit", attach="1", file=files_)
    assert answer.status_code == 422
    assert why in answer.content.decode() and "See the terms." in answer.content.decode()


def test_a_sheet_without_a_draft_takes_files_too(
    cast: Cast, by_mail: Draft, sign_in: SignIn, mailoutbox: list[Any]
) -> None:
    ines, own = sign_in(cast.ines), f"/inbox/{by_mail.conversation_id}/reply/"
    sheet = ines.post(own, {"attach": "1", "text": "Here.", "file": chosen()}).content.decode()
    digest = File.objects.get().sha256
    assert f'value="{digest}" checked' in sheet and "Here." in sheet
    assert ines.post(own, {"text": "Here.", "attachments": digest}).status_code == 303
    end_undo_time()
    deliver_rows()
    assert [one.filename for one in mailoutbox[0].attachments] == ["terms.pdf"]


def test_what_a_crm_cannot_carry_is_said_before_anything_is_sent(
    cast: Cast, draft: Draft, sign_in: SignIn, listening: Connection
) -> None:
    Connection.objects.update(
        kind="hubspot", config={}, sealed_credentials=b"x", deliver_to="https://h.example"
    )
    draft.conversation.connection = listening
    draft.conversation.save(update_fields=["connection"])
    kept = files.add(draft.conversation, chosen(), cast.ines)
    answer = post(sign_in(cast.ines), draft, "approve", attachments=kept.sha256)
    assert answer.status_code == 422 and "Files cannot leave by HubSpot yet" in answer.content.decode()
    assert not OutboxMessage.objects.exists()


def test_a_program_adds_a_file_and_names_it_in_its_reply(cast: Cast, by_mail: Draft) -> None:
    ines, path = program_of(cast.ines), f"conversations/{by_mail.conversation_id}/"
    headers = {"Authorization": f"Bearer {ines.key}"}
    added = ines.client.post(f"{V1}{path}files/", {"file": chosen()}, headers=headers)
    assert added.status_code == 201 and added.json() == {
        "sha256": File.objects.get().sha256, "name": "terms.pdf", "type": "application/pdf", "size": len(TERMS)
    }  # fmt: skip
    digest = added.json()["sha256"]
    assert ines.get(f"{path}files/{digest}/").content == TERMS
    assert ines.post(f"{path}replies/", {"text": "Here.", "attachments": [digest]}).status_code == 201
    unknown = ines.post(f"{path}replies/", {"text": "Here.", "attachments": ["0" * 64]})
    assert is_problem(unknown, 422, "refused")
    empty = ines.client.post(f"{V1}{path}files/", {"file": chosen(content=b"")}, headers=headers)
    assert is_problem(empty, 422, "refused")
    assert program_of(cast.lukas).get(f"{path}files/{digest}/").status_code == 404
