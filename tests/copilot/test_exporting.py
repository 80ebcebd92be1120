"""A contact asks what is held of them, and gets all of it: each kind of row has an answer."""

import json
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client

from copilot.exporting import HELD, NOT_COPIED
from customers.models import Contact
from people.models import AuditEntry, User
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.copilot.test_erasing import M, left, plant
from tests.crm import PushingCrm

OURS = ("people", "customers", "interactions", "copilot")


def test_every_kind_of_row_has_an_answer() -> None:
    kinds = {model._meta.label for app in OURS for model in apps.get_app_config(app).get_models()}
    assert not HELD.keys() & NOT_COPIED.keys()
    assert kinds == HELD.keys() | NOT_COPIED.keys()


@pytest.mark.django_db
def test_the_copy_holds_every_word_of_theirs(
    cast: Cast, crm: PushingCrm, client: Client, tmp_path: Path
) -> None:
    plant(crm, cast, program_of(cast.ines))
    sigrid = Contact.objects.get(identities__external_id=f"p-{M}")
    url = f"contacts/{sigrid.pk}/copy/"
    for person in (cast.petra, cast.ada):
        assert is_problem(program_of(person).get(url), 403)
    User.objects.filter(pk=cast.ada.pk).update(may_read_conversations=True)
    rows = program_of(cast.ada).get(url).json()["rows"]

    tables = {apps.get_model(label)._meta.db_table: label for label in (*HELD, *NOT_COPIED)}
    missing = []
    for place in left(tmp_path):
        table, column = place.split(".")
        label = tables.get(table, "")
        if label in HELD and not any(M in json.dumps(row.get(column)) for row in rows.get(label, ())):
            missing.append(place)
    # The bytes of a file are opened from its conversation, and a search vector is made of the words beside it.
    assert set(missing) <= {
        "interactions_file.content",
        "copilot_pastreply.vector",
        "copilot_topiclabel.vector",
    }
    assert {one["text"] for one in rows["customers.Note"]} == {f"{M} likes mornings"}
    assert "Erik Dahl" not in json.dumps(rows["customers.Contact"])
    assert AuditEntry.objects.get(verb="copied").target == f"contact:{sigrid.pk}"

    client.force_login(cast.ada)
    page = client.get("/settings/erasures/", {"q": sigrid.email}).content.decode()
    assert f"/settings/erasures/{sigrid.pk}/copy/" in page
    file = client.get(f"/settings/erasures/{sigrid.pk}/copy/")
    assert "attachment" in file.headers["Content-Disposition"]
    assert json.loads(file.content)["rows"].keys() == rows.keys()
