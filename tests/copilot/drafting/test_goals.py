"""Goals in drafts: sentences that serve one are marked, go at once, and stay away where none is to be heard."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.utils import timezone

from copilot.drafting import opening, work
from copilot.drafting.checks.questions import unanswered
from copilot.models import Decision, Draft
from copilot.words import body
from customers.models import Account, Goal, Record
from interactions.models import Conversation
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.copilot.console.made import htmx
from tests.copilot.drafting.goal_cases import CALM, COMPLAINTS, NO_GOAL
from tests.factories import a_contact, a_conversation, a_message
from tests.fakes import FakeModel, says

TO_SAY = {
    "en": "Your second site could share these seats from spring.",
    "de": "Ihr zweiter Standort kann diese Plätze ab dem Frühjahr mitnutzen.",
    "fr": "Votre deuxième site pourra partager les places que vous avez dès le printemps.",
}
SECRET = "Win the second site"


def a_goal(account: Account, **fields: Any) -> Goal:
    told = {
        "text": SECRET, "do": "Write " + " or ".join(f"“{one}”" for one in TO_SAY.values()),
        "dont": "Never say “This offer is for you alone today.”", "created_at": timezone.now(), **fields,
    }  # fmt: skip
    return Goal.objects.create(account=account, **told)


def asked(cast: Cast, text: str, language: str, **fields: Any) -> Conversation:
    talk = a_conversation(
        team=cast.support,
        contact=fields.pop("contact", cast.sigrid),
        language=language,
        channel="email",
        **fields,
    )
    a_message(conversation=talk, text=text)
    return talk


def drafted(talk: Conversation, cast: Cast) -> Draft:
    draft = opening.request(talk, cast.ines)
    assert draft is not None
    work.work(draft.pk)
    draft.refresh_from_db()
    assert draft.state == "ready", draft.failure
    return draft


def an_order(account: Account | None, **fields: Any) -> None:
    Record.objects.create(
        account=account, kind="order", external_id=f"o{account}", title="Order 1042", status="delivered",
        source_updated_at=timezone.now(), **fields,
    )  # fmt: skip


def silent_cases(cast: Cast) -> Iterable[tuple[str, Conversation]]:
    """32 of calm questions where no goal is set, 18 of complaints where one is."""
    nobody = a_contact(name="Vera Holt")
    an_order(None, contact=nobody)
    for why in NO_GOAL:
        Goal.objects.all().delete()
        if why != "never set":
            a_goal(cast.bright if why == "another account’s" else cast.fjord, is_active=why != "ended")
        for language, texts in CALM.items():
            for text in texts:
                contact = nobody if why == "of nobody’s account" else cast.sigrid
                yield f"{why}: {text}", asked(cast, text, language, contact=contact)
    Goal.objects.all().delete()
    a_goal(cast.fjord)
    for language, texts in COMPLAINTS.items():
        for text in texts:
            yield text, asked(cast, text, language)


@pytest.fixture
def model(settings: Any) -> Any:
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY = fake.url, ""
        settings.COPILOT_MODEL = "claude-sonnet-5-5"
        yield fake


def test_fifty_replies_say_nothing_of_a_goal(cast: Cast, model: FakeModel, settings: Any) -> None:
    an_order(cast.fjord)
    told, number = [], 0
    for number, (name, talk) in enumerate(silent_cases(cast), 1):
        settings.ANTHROPIC_BASE_URL = ""
        draft = drafted(talk, cast)
        assert "Order 1042" in draft.text, name
        if draft.goals or any(one in draft.text for one in TO_SAY.values()):
            told.append(name)
        if number % 8:
            continue
        # A model cannot tell what it was not given; what it marks all the same is a source that does not exist.
        settings.ANTHROPIC_BASE_URL = model.url
        model.will(says("It is with the carrier. It serves our goal [g1]."))
        Draft.objects.filter(pk=draft.pk).delete()
        draft = drafted(talk, cast)
        assert not draft.goals and "cited" in [one["kind"] for one in draft.checks], name
        assert SECRET.encode() not in model.asked[-1].body, name
    assert number == 50 and not told, told
    assert len(model.asked) == 6

    # The same customer with a goal, so that the silence above means something.
    settings.ANTHROPIC_BASE_URL = ""
    for language, texts in CALM.items():
        draft = drafted(asked(cast, texts[0], language), cast)
        (goal,) = draft.goals
        assert draft.text[goal["start"] : goal["end"]] == TO_SAY[language]
        assert "for you alone" not in draft.text, "what is not to be said"
    Goal.objects.update(not_on_complaints=False)
    talk = asked(cast, COMPLAINTS["en"][0], "en")
    assert drafted(talk, cast).goals, "its manager wants it heeded even then"
    a_message(conversation=talk, by="colleague", text=TO_SAY["en"], at=timezone.now())
    a_message(conversation=talk, text="And when does order 1042 arrive?", at=timezone.now())
    Draft.objects.all().delete()
    assert not drafted(talk, cast).goals, "nothing is said twice"


ASKED = "How long is the warranty? And can the second site use our seats?"
REPLY = (
    "Hi Sigrid,\n\nThe warranty is 24 months. We would love to see your second site soon [g{0}]. "
    "The roof terrace is lovely in spring [g{0}].\n\nYes, the second site can use your seats [g{0}].\n\n"
    "There is more to come in June [g{0}].\n\nKind regards,\nInes"
)


def test_one_key_leaves_out_what_serves_a_goal_and_every_answer_stays(
    cast: Cast, model: FakeModel, client: Any
) -> None:
    goal = a_goal(cast.fjord, do="Mention the second site")
    talk = asked(cast, ASKED, "en", waiting_since=timezone.now())
    model.will(says(REPLY.format(goal.pk)))
    draft = drafted(talk, cast)
    assert f'"id":"g{goal.pk}"'.encode() in model.asked[0].body.replace(b'\\"', b'"')
    marked = [draft.text[one["start"] : one["end"]] for one in draft.goals]
    assert marked == [
        "We would love to see your second site soon.", "The roof terrace is lovely in spring.",
        "There is more to come in June.",
    ], "the sentence that answers a question is none of them, whatever its mark says"  # fmt: skip

    client.force_login(cast.ines, backend="allauth.account.auth_backends.AuthenticationBackend")
    url = f"/inbox/{talk.pk}/"
    page = client.get(url).content.decode()
    assert (
        page.count("serves a goal</span>") >= 2
        and "3 sentences serve a goal" in page
        and 'data-key="x"' in page
    )
    path = f"{url}drafts/{draft.n}/without-goals/"
    program = program_of(cast.ines)
    assert is_problem(program.post(f"drafts/{draft.pk}/without-goals/", {"version": 1}), 409, "changed")
    answer = client.post(path, {"version": draft.version}, headers=htmx("draft"))
    assert (
        answer.status_code == 200 and "serve a goal" not in answer.content.decode().split("Another wording")[0]
    )
    before = draft.text
    draft.refresh_from_db()
    assert draft.text == (
        "Hi Sigrid,\n\nThe warranty is 24 months.\n\nYes, the second site can use your seats.\n\n"
        "Kind regards,\nInes"
    )
    assert unanswered(ASKED, body(draft.text), "") == []
    places = [draft.text[one["start"] : one["end"]] for one in draft.checks if one["end"] > one["start"]]
    assert places == [one["words"] for one in draft.checks if one["end"] > one["start"]], (
        "each check kept its place"
    )
    assert client.post(path, {"version": draft.version}).status_code == 422

    # The wording with them is taken back; then a program leaves them out once more, and sends that.
    former = draft.alternatives.get()
    assert (former.way, former.text, len(former.goals)) == ("as first written", before, 3)
    client.post(f"{url}drafts/{draft.n}/pick/", {"version": draft.version, "alternative": former.pk})
    draft.refresh_from_db()
    assert draft.text == before and len(draft.goals) == 3
    told = program.post(f"drafts/{draft.pk}/without-goals/", {"version": draft.version}).json()
    assert told["goals"] == [] and told["picked"] == "without what serves a goal"
    decide = {"kind": "approve", "version": told["version"], "ticks": [one["id"] for one in told["checks"]]}
    assert program.post(f"drafts/{draft.pk}/decisions/", decide).status_code == 201
    decision = Decision.objects.get()
    assert decision.text == told["text"] == decision.drafted and "spring" not in decision.text
    assert decision.alternative == "without what serves a goal"
