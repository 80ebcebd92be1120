"""Keep what a colleague answered for the next time: as a note about the account, or as an article."""

from django.db import transaction
from django.utils import timezone

from copilot.decisions import Actor, Conflict, Invalid
from copilot.knowledge import proposals
from copilot.models import ArticleProposal, Question
from copilot.relationship.notes import accept_note
from customers.models import Note
from people.access import Standing


@transaction.atomic
def keep_as_note(question: Question, actor: Actor) -> Note:
    """Said in so many words that it may be repeated to the customer: it was answered for them."""
    question = _locked(question)
    account = question.conversation.account
    if account is None:
        raise Invalid("This conversation belongs to no account, so there is nowhere to note it.")
    note = Note.objects.create(
        account=account, contact=None, kind=Note.Kind.WAY_OF_WORKING, internal=False, author=actor.person,
        text=f"{question.asked} {question.answer}".strip(), quote=question.asked, created_at=timezone.now(),
    )  # fmt: skip
    accept_note(note, actor.person, actor.key)
    Question.objects.filter(pk=question.pk).update(note=note)
    return note


@transaction.atomic
def keep_as_article(question: Question, actor: Actor, who: Standing) -> ArticleProposal:
    """Proposed to the team's lead; a lead's own word is enough."""
    question = _locked(question)
    team = question.conversation.team
    seen = proposals.Seen(question.conversation, question.answer)
    proposal = proposals.propose(
        team, actor.person, question.answer, origin=ArticleProposal.Origin.ANSWER,
        title=(question.asked or question.text)[:200], why=question.text, seen=seen,
    )  # fmt: skip
    if team.pk in who.lead_teams and proposal.state == ArticleProposal.State.PROPOSED:
        proposals.accept(proposal, actor.person, key=actor.key)
    Question.objects.filter(pk=question.pk).update(proposal=proposal)
    return proposal


def _locked(question: Question) -> Question:
    rows = Question.objects.select_for_update(of=("self",)).select_related("conversation__team")
    found = rows.get(pk=question.pk)
    if not found.answered_at:
        raise Invalid("There is no answer to keep yet.")
    if found.note_id or found.proposal_id:
        raise Conflict("This answer is kept already.")
    return found
