"""What one team learnt reaches the others as an offer, which acts by nobody's will but theirs."""

import random
import string
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from copilot.drafting import work
from copilot.knowledge import texts
from copilot.learning import ledger, together
from copilot.models import Draft, Lesson, Offer, SavedReply, Signal
from interactions.models import Conversation
from people.models import AuditEntry, Role, Team, User
from tests.cast import Cast
from tests.copilot.api.calling import Program, is_problem, program_of
from tests.copilot.console.conftest import sign_in as sign_in
from tests.copilot.console.made import SignIn
from tests.crm import PushingCrm, through
from tests.factories import a_connection, a_person, a_team
from tests.work import end_undo_time, run_tasks

pytestmark = pytest.mark.django_db
TITLE = "Change the delivery address of an order"
SAVED = "You can change the delivery address under your orders. The bill follows with the parcel."


def a_word() -> str:
    return "".join(random.choices(string.ascii_lowercase, k=9))


class Desk:
    """One team with a CRM of its own, whose customers ask and whose agent answers by REST."""

    def __init__(self, team: Team, agent: User, client: Client, knows: str = "saved") -> None:
        if knows == "saved":
            texts.new_saved_reply(None, team, TITLE, SAVED)
        elif knows == "article":
            texts.new_article(None, TITLE, SAVED, [team])
        self.team, self.agent = team, program_of(agent)
        self.crm = PushingCrm(a_connection(team=team), through(client))
        self.asked = 0

    def draft(self) -> Draft:
        self.asked += 1
        here = f"{self.team.pk}-{self.asked}"
        self.crm.says(
            "How can I change the delivery address of my order?", conversation=f"c-{here}",
            contact={"id": f"p-{here}", "name": "Mara Holm", "email": f"p-{here}@holm.example"},
            account={"id": f"a-{here}", "name": f"Holm {here}"},
        )  # fmt: skip
        run_tasks()
        Draft.objects.filter(state="queued").update(due_at=Now())
        for draft_id in work.due_drafts(50):
            work.work(draft_id)
        return Draft.objects.get(conversation__external_id=f"c-{here}")

    def sends(self, old: str = "", new: str = "") -> Draft:
        """Approves a draft, or edits one phrase of it."""
        draft = self.draft()
        decision: dict[str, Any] = {"kind": "approve", "version": draft.version}
        if old:
            assert old in draft.text
            decision |= {"kind": "edit", "text": draft.text.replace(old, new)}
        answer = self.agent.post(f"drafts/{draft.pk}/decisions/", decision)
        assert answer.status_code == 201, answer.content
        end_undo_time()
        run_tasks()
        while ledger.learn_due():
            pass
        return draft


@pytest.fixture
def desks(cast: Cast, client: Client) -> tuple[Desk, Desk, Desk]:
    returns = a_team(name="Returns")
    rosa = a_person(name="Rosa Diaz", team=returns, role=Role.LEAD)
    return (
        Desk(cast.sales, cast.lukas, client),
        Desk(cast.support, cast.ines, client),
        Desk(returns, rosa, client),
    )


def test_what_sales_learnt_improves_the_replies_of_support_and_returns_declines_it(
    cast: Cast, desks: tuple[Desk, Desk, Desk], sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    sales, support, returns = desks
    said = a_word()
    for _ in range(2):
        sales.sends("bill", said)
    assert not Offer.objects.exists(), "no reply was sent with it yet"
    assert said in sales.sends().text
    lesson = Lesson.objects.get(team=cast.sales)
    offers = {one.team_id: one for one in Offer.objects.all()}
    assert set(offers) == {cast.support.pk, returns.team.pk}
    assert {(one.agree, one.kept, one.of, one.state) for one in offers.values()} == {(2, 1, 1, "open")}
    assert said not in support.draft().text, "an offer never acts on its own"

    support.sends("bill", said)
    offers[cast.support.pk].refresh_from_db()
    assert offers[cast.support.pk].state == "confirmed", "one edit of their own is enough"
    draft = support.draft()
    assert said in draft.text and draft.lessons[0]["scope"] == "Support"

    theirs = sign_in(User.objects.get(name="Rosa Diaz"))
    with django_assert_max_num_queries(15):
        page = theirs.get("/learning/offers/").content.decode()
    assert "Sales to Returns" in page and said in page and "kept in 1 of 1 reply" in page
    here = f"/learning/offers/{offers[returns.team.pk].pk}/"
    assert theirs.post(here, {"do": "decline", "version": 1}).status_code == 303
    assert Offer.objects.filter(state="open").count() == 1, "a reason is asked for"
    theirs.post(here, {"do": "decline", "version": 1, "why": "We write to people who pay nothing."})
    assert is_problem(
        returns.agent.post(f"offers/{offers[returns.team.pk].pk}/decision/", {"kind": "accept", "version": 1}),
        409, "refused",
    )  # fmt: skip
    assert said not in returns.draft().text
    returns.sends("bill", said)
    assert said not in returns.draft().text, "declined: their own two edits decide"

    wanda = sign_in(cast.wanda)
    with django_assert_max_num_queries(15):
        page = wanda.get(f"/learning/lessons/{lesson.pk}/").content.decode()
    with django_assert_max_num_queries(15):
        month = wanda.get("/learning/month/").content.decode()
    assert "With a lesson: 1 reply sent, 0.0 of a hundred words changed" in month
    assert "Without one: 2 replies sent" in month and "not enough yet" in month
    assert "Sales to Support: learnt by itself" in page and "who pay nothing" in page
    assert "Holm" not in str(list(Offer.objects.values()))


def test_an_offer_is_adapted_and_keeps_its_origin_and_a_taught_lesson_is_offered_by_hand(
    cast: Cast, desks: tuple[Desk, Desk, Desk], sign_in: SignIn
) -> None:
    sales, support, _ = desks
    said, other = a_word(), a_word()
    for _ in range(2):
        support.sends("bill", "bill")  # sent as drafted: what a lesson would have changed is seen on these
    petra, lukas, wanda = sign_in(cast.petra), sign_in(cast.lukas), program_of(cast.wanda)

    talk = Signal.objects.latest("pk").conversation_id
    link = f"/learning/teach/?conversation={talk}"
    assert link in petra.get(f"/inbox/{talk}/").content.decode()
    assert "from <a" in petra.get(link).content.decode() and lukas.get(link).status_code == 404
    told = {"team": cast.support.pk, "sentence": f"Say “{said}”, not “bill”"}
    page = petra.post("/learning/teach/", told).content.decode()
    assert "would have changed 2 of" in page and said in page and not Lesson.objects.exists()
    page = petra.post("/learning/teach/", told | {"sentence": "Be nicer"}).content.decode()
    assert "Take one of these forms" in page
    page = petra.post(
        "/learning/teach/", told | {"sentence": "Say “order AB-1234”, not “bill”"}
    ).content.decode()
    assert "no name, number" in page
    petra.post("/learning/teach/", told | {"keep": "team"})
    lesson = Lesson.objects.get()
    assert lesson.state == "active" and said in support.draft().text
    assert AuditEntry.objects.filter(verb="taught lesson", person=cast.petra).exists()

    petra.post(f"/learning/lessons/{lesson.pk}/", {"do": "offer", "version": lesson.version})
    offer = Offer.objects.get(team=cast.sales)
    body = {"kind": "adapt", "version": offer.version, "before": "bill", "after": other}
    answer = wanda.post(f"offers/{offer.pk}/decision/", body)
    assert (answer.status_code, answer.json()["state"]) == (200, "adapted"), answer.content
    assert other in sales.draft().text
    made = Lesson.objects.get(team=cast.sales)
    assert [one.from_team for one in made.origins.all()] == [cast.support]
    assert made.moves.get(deed="accepted").why == "offered by Support"

    lukas.post(
        "/learning/teach/", {"team": cast.sales.pk, "sentence": "Always close with “Ahoy”", "keep": "team"}
    )
    assert Lesson.objects.get(kind="closing").state == "proposed", "an agent proposes to the team"
    lukas.post("/learning/teach/", {"team": cast.sales.pk, "sentence": "Add “See you there.”", "keep": "me"})
    assert Lesson.objects.get(person=cast.lukas).state == "active"
    assert Signal.objects.filter(state="settled").count() == 2


def test_a_saved_reply_goes_on_from_team_to_team_without_a_customers_details(
    cast: Cast, client: Client, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    returns = a_team(name="Returns")
    rosa = a_person(name="Rosa Diaz", team=returns, role=Role.LEAD)
    sales = Desk(cast.sales, cast.lukas, client)
    others = Desk(returns, rosa, client, knows="")
    sales.sends()
    saved = SavedReply.objects.get(team=cast.sales)
    assert texts.rewrite(saved, None, 1, TITLE, f"{SAVED} Ask Mara Holm.")
    assert "under your orders" not in others.draft().text

    wanda, petra = program_of(cast.wanda), program_of(cast.petra)
    assert program_of(cast.lukas).post(f"saved-replies/{saved.pk}/offers/").status_code == 403
    answer = wanda.post(f"saved-replies/{saved.pk}/offers/")
    assert answer.status_code == 201, answer.content
    assert is_problem(wanda.post(f"saved-replies/{saved.pk}/offers/"), 409, "refused")
    told = {one["team"]: one for one in answer.json()}
    assert set(told) == {cast.support.pk, returns.pk}
    offer = told[returns.pk]
    assert offer["body"] == f"{SAVED} Ask {{name}}." and (offer["agree"], offer["kept"], offer["of"]) == (
        1,
        1,
        1,
    )

    theirs = sign_in(rosa)
    page = theirs.get("/learning/offers/").content.decode()
    assert "Saved reply" in page and "1 went out as drafted" in page
    assert theirs.post(f"/learning/offers/{offer['id']}/", {"do": "accept", "version": 1}).status_code == 303
    assert "under your orders" in others.sends().text
    body = {"kind": "adapt", "version": 1, "body": "Ring us to change the address."}
    adapted = petra.post(f"offers/{told[cast.support.pk]['id']}/decision/", body)
    assert adapted.json()["state"] == "adapted", adapted.content
    made = SavedReply.objects.get(team=cast.support)
    assert (made.title, made.text) == (TITLE, "Ring us to change the address.")
    assert [one.from_team for one in made.origins.all()] == [cast.sales]

    taken = SavedReply.objects.get(team=returns)
    assert theirs.post(f"/saved-replies/{taken.pk}/offer/").status_code == 303
    onward = Offer.objects.get(saved_reply=taken, team=cast.support)
    petra.post(f"offers/{onward.pk}/decision/", {"kind": "decline", "version": 1, "why": "We have our own."})
    ada = sign_in(cast.ada)
    with django_assert_max_num_queries(15):
        page = ada.get("/learning/spread/").content.decode()
    page = page.partition("<main")[2]
    places = [page.index(words) for words in (
        "<strong>Sales</strong>", "<strong>Returns</strong>", "accepted by Rosa Diaz",
        "<strong>Support</strong>", "We have our own.",
    )]  # fmt: skip
    assert places == sorted(places) and page.count("1 reply sent with it, 1 as drafted") == 2


def test_what_three_teams_learnt_and_what_belongs_to_anothers_article_is_proposed_until_its_evidence_goes(
    cast: Cast, client: Client, sign_in: SignIn
) -> None:
    said, leads = a_word(), {}
    for name in ("Returns", "Billing"):
        leads[name] = a_person(name=f"Lead{name} Vik", team=a_team(name=name), role=Role.LEAD)
    teams = (cast.sales, *(one.memberships.get().team for one in leads.values()))
    agents = (cast.lukas, *leads.values())
    support = Desk(cast.support, cast.ines, client, knows="article")
    for team, agent in zip(teams, agents, strict=True):
        desk = Desk(team, agent, client)
        for _ in range(2):
            desk.sends("bill", said)
    for _ in range(2):
        assert "under your orders" in support.sends().text
    together.refresh()
    alike = Offer.objects.get()
    assert (alike.team, alike.title, alike.agree) == (cast.support, f"Say “{said}”, not “bill”", 6)
    assert [one["name"] for one in alike.evidence] == ["Sales", "Returns", "Billing"]

    Conversation.objects.filter(team__in=(cast.sales, cast.support)).update(topic="Delivery")
    together.refresh()
    both = {one.team: one for one in Offer.objects.exclude(heading="")}
    assert set(both) == {cast.sales, cast.support}
    petra = sign_in(cast.petra)
    page = petra.get("/learning/offers/").content.decode()
    assert "Sales: edits in 2 conversations agree" in page
    assert "Support: 2 of 2 replies with the article went out as drafted" in page

    lesson = Lesson.objects.get(team=cast.sales)
    moved = f"/learning/lessons/{lesson.pk}/"
    sign_in(cast.wanda).post(moved, {"do": "retire", "version": lesson.version})
    here = f"/learning/offers/{both[cast.support].pk}/"
    assert petra.post(here, {"do": "accept", "version": 1}).status_code == 303
    assert not Lesson.objects.filter(team=cast.support).exists(), "its evidence is gone"
    together.refresh()
    assert not Offer.objects.exists()

    lesson.refresh_from_db()
    sign_in(cast.wanda).post(moved, {"do": "back", "version": lesson.version})
    together.refresh()
    offer = Offer.objects.exclude(heading="").get(team=cast.support)
    petra.post(f"/learning/offers/{offer.pk}/", {"do": "accept", "version": 1})
    reply = support.draft().text
    assert said in reply and "under your orders" in reply, "the article in the other team's wording"
    theirs = Offer.objects.get(team=cast.sales)
    contact = Conversation.objects.filter(team=cast.support).order_by("pk")[0].contact
    assert contact and program_of(cast.ada).post(f"contacts/{contact.pk}/erasure/").status_code == 201
    run_tasks()
    assert not Offer.objects.filter(pk=theirs.pk).exists(), "the article's evidence went with the customer"


def test_programs_read_offers_of_their_teams_only(cast: Cast, client: Client) -> None:
    lesson = Lesson.objects.create(team=cast.sales, kind="closing", after="Ahoy", key="k", state="active")
    Offer.objects.create(lesson=lesson, from_team=cast.sales, team=a_team(name="Returns"), kind="closing",
                         after="Ahoy", key="k", agree=2)  # fmt: skip
    seen: Program = program_of(cast.wanda)
    assert len(seen.get("offers/").json()["results"]) == 1
    assert program_of(cast.ines).get("offers/").json()["results"] == []
