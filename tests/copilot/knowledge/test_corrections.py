"""A person corrects a fact that a draft had from an article: the article's owner is asked about it."""

from typing import Any

import pytest
from django.utils import timezone

from copilot.knowledge import proposals, texts
from copilot.knowledge.corrections import corrections
from copilot.knowledge.proposals import Refused
from copilot.models import Article, ArticleProposal, Draft
from interactions import erasing
from interactions.models import Conversation
from people.models import User
from tests.cast import Cast
from tests.copilot.api.calling import a_draft, program_of
from tests.factories import a_contact, a_conversation
from tests.work import end_undo_time, run_tasks

pytestmark = pytest.mark.django_db

BODY = (
    "# Refunds\n\nA refund arrives within 10 working days. We never refund in cash.\n\n- Write to us first.\n"
)
DRAFTED = "Dear {name},\n\nyour refund arrives within 10 working days.\n\nKind regards\nInes"


@pytest.fixture
def article(cast: Cast) -> Article:
    return texts.new_article(cast.petra, "Refunds", BODY, [cast.support], owner=cast.petra)


def drafted(talk: Conversation, article: Article) -> Draft:
    source: dict[str, Any] = {
        "id": f"a{article.pk}", "n": 1, "kind": "article", "title": article.title, "author": "Articles",
        "at": None, "quote": "", "url": "", "internal": False, "marks": [60],
    }  # fmt: skip
    return a_draft(conversation=talk, text=DRAFTED.format(name=talk.contact), sources=[source])


def sends(person: User, draft: Draft, text: str) -> None:
    told = {"kind": "edit", "text": text, "version": draft.version}
    answer = program_of(person).post(f"drafts/{draft.pk}/decisions/", told)
    assert answer.status_code == 201, answer.content
    end_undo_time()
    run_tasks()


def test_a_corrected_fact_is_proposed_to_the_article_with_both_replies_as_evidence(
    cast: Cast, article: Article
) -> None:
    erik = a_contact(name="Erik Dahl", account=cast.fjord)
    for contact, person in ((cast.sigrid, cast.ines), (erik, cast.tomas)):
        draft = drafted(a_conversation(team=cast.support, contact=contact), article)
        sends(person, draft, draft.text.replace("10 working", "14 working"))

    proposal = ArticleProposal.objects.get()
    assert proposal.before == "A refund arrives within 10 working days."
    assert proposal.after == "A refund arrives within 14 working days."
    assert (proposal.by, proposal.team, proposal.origin) == (cast.ines, cast.support, "correction")
    assert [one.by for one in proposal.evidence.order_by("pk")] == [cast.ines, cast.tomas]
    assert {one.sent for one in proposal.evidence.all()} == {"your refund arrives within 14 working days."}

    proposals.accept(proposal, cast.petra)

    article.refresh_from_db()
    assert article.body == texts.clean(BODY).replace("10 working", "14 working") and article.version == 2
    assert [one.n for one in article.versions.order_by("n")] == [1, 2]
    assert article.versions.get(n=2).why == "Proposed by Ines Duarte"
    with pytest.raises(Refused, match="decided already"):
        proposals.decline(proposal, cast.petra)


def test_what_was_only_reworded_or_is_the_customers_own_proposes_nothing(cast: Cast, article: Article) -> None:
    draft = drafted(a_conversation(team=cast.support, contact=cast.sigrid), article)
    sends(cast.ines, draft, draft.text.replace("arrives", "will be with you"))
    draft = drafted(a_conversation(team=cast.support, contact=cast.owen), article)
    sends(cast.ines, draft, draft.text.replace("10 working days", "10 working days, by Friday"))

    assert not ArticleProposal.objects.exists()


def test_a_declined_change_is_not_proposed_again_and_an_erased_customer_leaves_no_evidence(
    cast: Cast, article: Article
) -> None:
    talk = a_conversation(team=cast.support, contact=cast.sigrid)
    first = drafted(talk, article)
    sends(cast.ines, first, first.text.replace("10 working", "3 working"))
    proposals.decline(ArticleProposal.objects.get(), cast.petra, "A favour to Fjord")
    again = drafted(a_conversation(team=cast.support, contact=a_contact(name="Erik Dahl")), article)
    sends(cast.ines, again, again.text.replace("10 working", "3 working"))

    declined = ArticleProposal.objects.get()
    assert declined.state == "declined" and declined.evidence.count() == 2
    erasing.erase(cast.sigrid.pk, person=cast.ada)
    assert declined.evidence.count() == 1


def test_a_proposal_that_no_longer_fits_waits_for_a_hand(cast: Cast, article: Article) -> None:
    proposal = proposals.propose(
        cast.support, cast.ines, "A refund takes a month.", origin=proposals.Origin.PERSON,
        article=article, before="A refund arrives within 10 working days.",
    )  # fmt: skip
    texts.rewrite(article, cast.petra, 1, "Refunds", "It takes ten days.")

    with pytest.raises(Refused, match="says it otherwise by now"):
        proposals.accept(proposal, cast.petra)
    proposal.refresh_from_db()
    assert proposal.state == "proposed"
    assert proposals.accept(proposal, cast.petra, body="It takes a month.").version == 3

    fresh = proposals.propose(
        cast.support, cast.ines, "By ship.", title="Delivery", origin=proposals.Origin.ANSWER
    )
    made = proposals.accept(fresh, cast.petra)
    assert (made.title, made.body, list(made.teams.all())) == ("Delivery", "By ship.", [cast.support])
    assert made.updated_at <= timezone.now()


@pytest.mark.parametrize(
    ("drafted", "sent", "changed"),
    [
        ("It costs 12 EUR a month.", "It costs 14 EUR a month.", [("12 EUR", "14 EUR")]),
        ("Ends on 3 May 2027.", "It ends on 4 May 2027.", [("3 May 2027", "4 May 2027")]),
        ("See https://a.example/x for it.", "See https://a.example/y for it.",
         [("https://a.example/x", "https://a.example/y")]),
        ("It takes 5 days.", "It takes some days.", []),
        ("It takes 5 days.", "Something else altogether with 6 of them.", []),
    ],
)  # fmt: skip
def test_a_correction_is_the_same_sentence_with_another_detail(
    drafted: str, sent: str, changed: list[tuple[str, str]]
) -> None:
    assert [pair for one in corrections(drafted, sent) for pair in one.details] == changed
