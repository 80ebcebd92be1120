"""Write a lesson in a sentence: first what it would have changed, then for whom it is kept."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console.copilot_team import has_teams, may_lead, team_and_chips
from copilot.console.fill_diff import lines
from copilot.console.learning_rows import ShadowRow
from copilot.console.shell import shell
from copilot.console.visit import Visit, page
from copilot.learning import moves
from copilot.learning import teach as verbs
from copilot.models import Lesson
from interactions.access import visible_conversations
from interactions.models import Conversation
from people.models import Team

SHOWN = 5


@page("GET", "HEAD", "POST", allowed=has_teams)
def teach(visit: Visit) -> HttpResponse:
    """A POST with `keep` (team or me) keeps it, another shows it on past drafts."""
    sent = visit.request.POST or visit.request.GET
    team, chips = team_and_chips(visit, "teach")
    talk = _conversation(visit, sent.get("conversation", ""))
    if talk:
        team, chips = talk.team, ()
    if team is None:
        raise Http404
    sentence, problem, found = sent.get("sentence", "").strip()[:700], "", None
    try:
        if visit.request.method == "POST" and sent.get("keep") in ("team", "me"):
            return _keep(visit, team, talk, sentence, only_me=sent["keep"] == "me")
        found = verbs.understood(sentence) if sentence else None
    except moves.Refused as refusal:
        problem = str(refusal)
    shadows = verbs.shadows(found, team, (talk.language if talk else "") or "en") if found else []
    context = {
        "shell": shell(visit, "learning"), "section": "learning", "chips": chips, "team": team, "talk": talk,
        "sentence": sentence, "problem": problem, "leads": may_lead(visit, team),
        "title": Lesson(kind=found.kind, before=found.before, after=found.after).title if found else "",
        "count": len(shadows), "looked_at": verbs.LOOKED_AT, "shadows": _rows(visit, shadows[:SHOWN]),
        "nearer": sum(one.nearer > 0 for one in shadows), "farther": sum(one.nearer < 0 for one in shadows),
    }  # fmt: skip
    return visit.show("teach.html", context)


def _conversation(visit: Visit, told: str) -> Conversation | None:
    if not told:
        return None
    rows = visible_conversations(visit.who).select_related("team")
    found = rows.filter(pk=int(told)).first() if told.isdigit() and len(told) < 18 else None
    if found is None or found.team_id not in visit.who.teams:
        raise Http404
    return found


def _keep(visit: Visit, team: Team, talk: Conversation | None, sentence: str, *, only_me: bool) -> HttpResponse:
    leads = may_lead(visit, team)
    lesson = verbs.teach(sentence, team, visit.person, talk, only_me=only_me, may_decide=leads)
    in_use = lesson.state == Lesson.State.ACTIVE
    messages.success(
        visit.request,
        "Kept. The next drafts have it."
        if in_use
        else "Proposed. One edit like it, or a lead’s yes, puts it to use.",
    )
    return visit.go(reverse("lesson", args=[lesson.pk]))


def _rows(visit: Visit, shadows: list[verbs.Shadow]) -> tuple[ShadowRow, ...]:
    told = {one.conversation_id for one in shadows}
    seen = set(visible_conversations(visit.who).filter(pk__in=told).values_list("pk", flat=True))
    return tuple(
        ShadowRow(tuple(lines(one.before, one.after)), reverse("conversation", args=[one.conversation_id]))
        for one in shadows
        if one.conversation_id in seen
    )
