"""Articles and saved replies in the console: read, write, propose, decide, and earlier wordings."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from copilot.knowledge import proposals, texts
from copilot.models import Article, ArticleProposal, SavedReply
from people.models import User
from tests.cast import Cast
from tests.copilot.api.calling import program_of
from tests.factories import a_conversation

pytestmark = pytest.mark.django_db


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_an_article_is_written_changed_compared_and_put_back(cast: Cast) -> None:
    petra = browser(cast.petra)
    body = "# Terms\n\n**Within 10 days.**\n\n- In cash\n- By card"
    body += "\n\n<b>x</b> ![seen](https://spy.example/i.png) [y](javascript:z)"
    told = {"title": "Refunds", "body": body,
            "team": cast.support.pk,
            "review_by": "2020-01-31", "owner": cast.ines.pk, "language": "en"}  # fmt: skip
    assert petra.post("/articles/new/", told).status_code == 303
    article = Article.objects.get()
    here = f"/articles/{article.pk}/"
    page = petra.get(here).content.decode()
    assert '<h2 class="section">Terms</h2>' in page and "<li>In cash</li>" in page
    assert "<strong>Within 10 days.</strong>" in page and "&lt;b&gt;x" in page
    assert 'src="https://spy' not in page and 'href="javascript:' not in page
    assert "It was to be read again by 31 January 2020" in page
    assert "Refunds" in petra.get("/articles/?q=cash&which=due").content.decode()
    assert "Refunds" not in petra.get("/articles/?q=ship").content.decode()

    changed = told | {"body": "Within 14 days.", "version": 1, "why": "New terms"}
    assert petra.post(f"{here}edit/", changed).status_code == 303
    late = petra.post(f"{here}edit/", told | {"body": "Within 7 days.", "version": 1})
    assert late.status_code == 409 and "Within 7 days." in late.content.decode()
    compared = petra.get(f"{here}versions/1/").content.decode()
    assert "<del>" in compared and '<ins><span class="sr">added: </span>14' in compared
    assert petra.post(f"{here}versions/1/", {"version": 2}).status_code == 303
    article.refresh_from_db()
    assert article.version == 3 and article.body.startswith("# Terms")
    assert list(article.teams.all()) == [cast.support] and article.owner == cast.ines

    petra.post(f"{here}retire/")
    assert "Refunds" not in petra.get("/articles/").content.decode()
    assert "Refunds" in petra.get("/articles/?which=retired").content.decode()


@pytest.mark.parametrize("wrong", [{"title": ""}, {"body": " "}, {"review_by": "soon"}, {"team": ""}])
def test_what_cannot_be_kept_says_so_and_keeps_what_was_typed(cast: Cast, wrong: dict[str, str]) -> None:
    told = {"title": "Refunds", "body": "Within ten.", "team": cast.support.pk} | wrong
    answer = browser(cast.petra).post("/articles/new/", told)
    assert answer.status_code == 422 and "nothing was changed" in answer.content.decode()


def test_an_agent_proposes_the_owner_sees_the_evidence_and_accepts(cast: Cast) -> None:
    article = texts.new_article(None, "Refunds", "Within 10 days.", [cast.support], owner=cast.tomas)
    ines, tomas = browser(cast.ines), browser(cast.tomas)
    assert "Propose a change" in ines.get(f"/articles/{article.pk}/").content.decode()
    ines.post(f"/articles/{article.pk}/edit/", {"title": "Refunds", "body": "Within 12 days.", "version": 1})
    talk = a_conversation(team=cast.support, contact=cast.sigrid)
    seen = proposals.Seen(talk, sent="It is 14 days, Sigrid.", drafted="It is 10 days, Sigrid.")
    proposals.propose(
        cast.support, cast.ines, "14 days", origin=proposals.Origin.CORRECTION, article=article,
        before="10 days", seen=seen,
    )  # fmt: skip

    page = tomas.get("/articles/proposals/").content.decode()
    assert "It is 14 days, Sigrid." in page and page.count("Accept</button>") == 2
    assert "Accept</button>" not in ines.get("/articles/proposals/").content.decode()
    ada = browser(cast.ada).get("/articles/proposals/").content.decode()
    assert "Sigrid" not in ada and "1 more in conversations that you do not see" in ada
    assert browser(cast.lukas).get("/articles/proposals/").content.decode().count("Refunds") == 0

    first, second = ArticleProposal.objects.order_by("pk")
    tomas.post(f"/articles/proposals/{second.pk}/", {"fate": "accept"})
    article.refresh_from_db()
    assert article.body == "Within 14 days." and article.version == 2
    tomas.post(f"/articles/proposals/{first.pk}/", {"fate": "accept"})
    assert "says it otherwise by now" in tomas.get("/articles/proposals/").content.decode()
    tomas.post(f"/articles/proposals/{first.pk}/", {"fate": "decline", "reason": "Too long"})
    assert "declined: Too long" in tomas.get("/articles/proposals/?decided=1").content.decode()


def test_a_lead_writes_for_own_teams_and_only_an_admin_for_all(cast: Cast) -> None:
    article = texts.new_article(None, "Refunds", "Within 10 days.", [cast.support, cast.sales])
    told = {"title": "Refunds", "body": "Within 10 days.", "version": 1}
    browser(cast.petra).post(f"/articles/{article.pk}/edit/", told)
    assert list(article.teams.all()) == [cast.sales]
    browser(cast.wanda).post(f"/articles/{article.pk}/edit/", told)
    assert list(article.teams.all()) == [cast.sales]
    browser(cast.ada).post(f"/articles/{article.pk}/edit/", told)
    assert not article.teams.exists()
    assert browser(cast.petra).get(f"/articles/{article.pk}/edit/").content.count(b"Propose") > 1


def test_saved_replies_go_the_same_way_and_stay_in_their_team(
    cast: Cast, django_assert_max_num_queries: object
) -> None:
    petra = browser(cast.petra)
    told = {"title": "Hello", "body": "Hi {name}, thanks.", "team": cast.support.pk}
    assert petra.post("/saved-replies/new/", told).status_code == 303
    reply = SavedReply.objects.get()
    assert (
        petra.post(f"/saved-replies/{reply.pk}/edit/", told | {"body": "Hi!", "version": 1}).status_code == 303
    )
    assert reply.versions.count() == 2
    assert browser(cast.ines).get(f"/saved-replies/{reply.pk}/edit/").status_code == 404
    assert browser(cast.wanda).get(f"/saved-replies/{reply.pk}/").status_code == 404
    due = timezone.localdate() - timedelta(days=1)
    for n in range(8):
        article = texts.new_article(cast.petra, f"A{n}", "Text", [cast.support], owner=cast.ines, review_by=due)
        proposals.propose(cast.support, cast.ines, "New", origin=proposals.Origin.PERSON, article=article)
    for path in ("/articles/", f"/articles/{article.pk}/", "/articles/proposals/", "/saved-replies/"):
        with django_assert_max_num_queries(15):  # type: ignore[operator]
            assert petra.get(path).status_code == 200


def test_programs_write_and_reword_articles_and_a_late_one_is_told(cast: Cast) -> None:
    petra = program_of(cast.petra)
    told = {
        "title": "Refunds",
        "body": "Within 10 days.",
        "teams": [cast.support.pk],
        "review_by": "2027-01-31",
    }
    made = petra.post("articles/", told).json()
    assert made["version"] == 1 and made["teams"] == [cast.support.pk]
    assert petra.post("articles/", told | {"teams": [cast.sales.pk]}).status_code == 400
    path = f"articles/{made['id']}/"
    assert petra.patch(path, {"version": 1, "body": "Within 14 days.", "why": "New"}).json()["version"] == 2
    late = petra.patch(path, {"version": 1, "body": "Within 7 days."})
    assert late.status_code == 409 and late.json()["version"] == 2
    assert [one["n"] for one in petra.get(f"{path}versions/").json()] == [2, 1]
    told = {"title": "Hello", "text": "Hi {name}", "team": cast.support.pk}
    reply = petra.post("saved-replies/", told).json()
    assert (
        reply["version"] == 1
        and petra.post("saved-replies/", told | {"team": cast.sales.pk}).status_code == 400
    )
    path = f"saved-replies/{reply['id']}/"
    assert petra.patch(path, {"version": 1, "body": "Hej {name}"}).json()["text"] == "Hej {name}"


def test_programs_decide_proposals(cast: Cast) -> None:
    article = texts.new_article(None, "Refunds", "Within 10 days.", [cast.support])
    for before, after in (("10", "14"), ("Within", "In")):
        proposals.propose(
            cast.support, cast.ines, after, article=article, before=before, origin=proposals.Origin.PERSON
        )
    ines, petra = program_of(cast.ines), program_of(cast.petra)
    other, first = ines.get("proposals/?state=proposed").json()["results"]
    assert (first["article"], first["before"], first["after"], first["by"]) == (
        article.pk, "10", "14", cast.ines.pk,
    )  # fmt: skip
    path = f"proposals/{first['id']}/decision/"
    assert ines.post(path, {"kind": "accept"}).status_code == 403
    assert petra.post(path, {"kind": "accept"}).json()["state"] == "accepted"
    assert petra.post(path, {"kind": "decline"}).status_code == 409
    declined = petra.post(f"proposals/{other['id']}/decision/", {"kind": "decline", "reason": "No"}).json()
    assert (declined["state"], declined["reason"]) == ("declined", "No")
    article.refresh_from_db()
    assert (article.body, article.version) == ("Within 14 days.", 2)
