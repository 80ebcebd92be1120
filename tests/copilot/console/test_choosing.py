"""Other wordings of a draft: asked for, picked, mended and sent; and the thread of what was asked for."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from copilot.drafting import alternatives, work
from copilot.models import Decision, Draft, SavedReply, Signal
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.copilot.console.made import SignIn, htmx
from tests.crm import PushingCrm
from tests.fakes import FakeModel, says
from tests.work import run_tasks

ASKED = "Can I return the blue lamp after three weeks?"
LONG = "Hi Sigrid,\n\nYes, you can return the blue lamp. Send it back in its box.\n\nKind regards,\nInes"
SHORT = "Yes, send the lamp back in its box."


def drafted(crm: PushingCrm) -> Draft:
    crm.says(ASKED, subject="The lamp")
    run_tasks()
    draft = crm.conversation().drafts.get()
    return written(draft)


def written(draft: Draft) -> Draft:
    Draft.objects.filter(pk=draft.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    work.work(draft.pk)
    draft.refresh_from_db()
    return draft


def write_all() -> None:
    for number in alternatives.due(10):
        alternatives.write(number)


@pytest.fixture
def model(settings: Any) -> Any:
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY = fake.url, ""
        settings.COPILOT_MODEL = "claude-sonnet-5-5"
        yield fake


def test_one_is_picked_mended_and_sent(model: FakeModel, crm: PushingCrm, cast: Cast, sign_in: SignIn) -> None:
    model.will(says(LONG), says(SHORT), says("We refund you on [the date]."))
    draft = drafted(crm)
    before = draft.cost_micros
    ines, url = sign_in(cast.ines), f"/inbox/{draft.conversation_id}/"
    told = {"version": draft.version, "way": "shorter", "words": "a refund"}
    assert ines.post(f"{url}drafts/{draft.n}/vary/", told).status_code == 303
    write_all()
    assert (
        b"at most half as long" in model.asked[1].body
        and b"Write this version of it: a refund." in model.asked[2].body
    )
    draft.refresh_from_db()
    assert draft.state == "ready" and draft.text == LONG and draft.cost_micros > 2 * before > 0
    page = ines.get(url).content.decode()
    for shown in ("Another wording: shorter", SHORT, "Another wording: a refund", "Firmer"):
        assert shown in page, shown

    short = draft.alternatives.get(way="shorter")
    pick, told = f"{url}drafts/{draft.n}/pick/", {"version": draft.version, "alternative": short.pk}
    assert ines.post(pick, told, headers=htmx("draft")).status_code == 200
    assert ines.post(pick, told, headers=htmx("draft")).status_code == 409
    draft.refresh_from_db()
    assert (draft.text, draft.picked) == (SHORT, "shorter")
    assert draft.alternatives.get(pk=short.pk).way == "as first written"

    # Over REST another one is picked with the decision itself; its gap must be filled.
    program, path = program_of(cast.ines), f"drafts/{draft.pk}/decisions/"
    decide = {"kind": "approve", "version": draft.version, "alternative": "a refund"}
    assert is_problem(program.post(path, decide), 422, "refused")
    assert is_problem(program.post(path, decide | {"alternative": "warmer"}), 422, "refused")
    draft.refresh_from_db()
    assert draft.picked == "shorter", "what was refused changed nothing"
    mended = decide | {"kind": "edit", "text": "We refund you on Monday."}
    answer = program.post(path, mended).json()
    assert (answer["alternative"], answer["text"]) == ("a refund", "We refund you on Monday.")
    signal, decision = Signal.objects.get(), Decision.objects.latest("pk")
    assert signal.alternative == decision.alternative == "a refund"
    assert signal.drafted == decision.drafted == "We refund you on [the date]."


def test_the_thread_of_wishes_is_seen_and_shortened(
    model: FakeModel, crm: PushingCrm, cast: Cast, sign_in: SignIn
) -> None:
    model.will(says(LONG), says("One"), says("Two"), says("Three"))
    draft = drafted(crm)
    ines, url = sign_in(cast.ines), f"/inbox/{draft.conversation_id}/"
    for wish in ("Be brief.", "Say du."):
        told = {"version": draft.version, "instruction": wish}
        assert ines.post(f"{url}drafts/{draft.n}/redraft/", told).status_code == 303
        draft = written(draft)
    assert "Asked for: Be brief." in ines.get(url).content.decode()
    ines.post(f"{url}drafts/{draft.n}/redraft/", {"version": draft.version, "without": "0"})
    draft = written(draft)
    assert draft.instructions == ["Say du."] and draft.text == "Three"
    assert b"Say du." in model.asked[-1].body and b"Be brief." not in model.asked[-1].body


def test_without_a_model_only_what_can_be_done_is_offered(crm: PushingCrm, cast: Cast) -> None:
    body = "You can return the blue lamp within thirty days. Please use its own box. Tell us why."
    SavedReply.objects.create(team=cast.support, title="Return of a lamp", text=body, updated_at=timezone.now())
    draft = drafted(crm)
    program, path = program_of(cast.ines), f"drafts/{draft.pk}/alternatives/"
    refused = program.post(path, {"version": draft.version, "ways": ["warmer"]})
    assert is_problem(refused, 422, "refused") and "shorter, another" in refused.json()["detail"]
    assert program.post(path, {"version": draft.version, "ways": ["shorter", "another"]}).status_code == 202
    write_all()
    told = {one["way"]: one for one in program.get(f"drafts/{draft.pk}/").json()["alternatives"]}
    assert "thirty days" in told["shorter"]["text"] and "own box" not in told["shorter"]["text"]
    assert told["another"]["state"] == "failed" and "no such other wording" in told["another"]["failure"]
