"""In our words: what a person typed, in wordings that the house has sent, each with its evidence.

A wording is offered where two colleagues sent it to two customers, no lead took it out, all of its slots are
filled from this customer's own conversation and records, and the offer is worth its risk, by what was learnt
from earlier ones. What was asked is kept until the reply leaves, so that the reply teaches the next offer.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count

from copilot import words
from copilot.context.retrieval import silent
from copilot.context.situation import Pair, Situation, cues_of, kept_pair, key_of, worth
from copilot.context.worded import situation_of, telling
from copilot.learning.sense_kept import sense_of_today
from copilot.learning.wording import Candidate
from copilot.models import PastReply, RoughText, UnwantedWording
from interactions.models import Conversation
from people.audit import note_deed
from people.models import Team, User

MOST_OFFERED = 3
MOST_READ = 400  # of the newest replies that share words with what was typed
NEIGHBOURS = 80
PEOPLE = CUSTOMERS = 2  # who must have sent it, and to whom
LEAST_FIT = 0.2  # of a second and a third wording
NOTHING = "Nothing near enough to this is known here, so your own words stay as they are."


@dataclass(frozen=True, slots=True)
class Evidence:
    worded: str
    sent: int
    people: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A wording, filled; `evidence` says how often and by how many colleagues it was sent."""

    text: str
    evidence: Evidence


def in_our_words(
    conversation: Conversation, person: User, teams: Collection[int], typed: str
) -> tuple[Offered, ...]:
    """Up to three, none where nothing is near enough. Of a conversation read with its contact and account;
    wordings of these teams alone."""
    one = situation_of(conversation, person.pk, words.body(typed))
    found = _neighbours(one, conversation, teams)
    known = _evidence({pair.wording for _, pair in found}, teams)
    times = {wording: evidence.sent for wording, evidence in known.items()}
    near = [(share, pair) for share, pair in found if pair.wording in known]
    weighed = sense_of_today().weigh(one, near, times)
    RoughText.objects.update_or_create(
        conversation=conversation, person=person, defaults={"typed": typed, "asked": weighed.asked}
    )
    may = [one for n, one in enumerate(weighed.choice.candidates) if n == 0 or one.fit >= LEAST_FIT]
    return tuple(_offered(one, known) for one in may[:MOST_OFFERED]) if weighed.offered else ()


def rough_text(conversation: Conversation, person: User) -> str:
    """What they had typed when they last asked here, empty where they did not."""
    row = RoughText.objects.filter(conversation=conversation, person=person).first()
    return row.typed if row else ""


def _offered(offer: Candidate, known: dict[str, Evidence]) -> Offered:
    return Offered(offer.text, known[offer.wording])


def _neighbours(one: Situation, talk: Conversation, teams: Collection[int]) -> list[tuple[float, Pair]]:
    """The nearest past replies with the share of what the cues are worth that each has."""
    cues = cues_of(one)
    rows = PastReply.objects.filter(team__in=teams, cues__overlap=telling(cues))
    rows = rows.exclude(conversation=talk).exclude(author__in=silent()).order_by("-pk")
    read = list(rows.values_list("cues", "typed", "wording", "text")[:MOST_READ])
    count = Counter(cue for has, *_ in read for cue in has)
    value = {cue: worth(cue, count[cue], len(read) + 1) for cue in cues if count[cue]}
    total = sum(value.values())
    shares = sorted(((sum(value.get(cue, 0) for cue in row[0]) / total, row) for row in read), reverse=True,
                    key=lambda found: found[0])[:NEIGHBOURS]  # fmt: skip
    return [(share, _pair(*row)) for share, row in shares]


def _pair(cues: list[str], typed: str, wording: str, text: str) -> Pair:
    said = words.body(text)
    return kept_pair(cues, typed or said, wording, words.distance(typed or said, said))


def _evidence(wordings: Iterable[str], teams: Collection[int]) -> dict[str, Evidence]:
    """Of the wordings that two colleagues sent to two customers, and that no lead took out."""
    rows = PastReply.objects.filter(team__in=teams, worded__in=map(key_of, wordings)).exclude(
        author__in=silent()
    )
    rows = rows.exclude(worded__in=UnwantedWording.objects.filter(team__in=teams).values("worded"))
    told = rows.values("wording", "worded").annotate(
        sent=Count("pk"), people=Count("author", distinct=True), customers=Count("customer", distinct=True)
    )
    enough = told.filter(people__gte=PEOPLE, customers__gte=CUSTOMERS)
    return {row["wording"]: Evidence(row["worded"], row["sent"], row["people"]) for row in enough}


def take_out(team: Team, worded: str, by: User) -> bool:
    """Never offered again in this team, until it is put back. False where nothing of that wording was sent."""
    if not PastReply.objects.filter(team=team, worded=worded).exists():
        return False
    row, is_new = UnwantedWording.objects.get_or_create(team=team, worded=worded, defaults={"by": by})
    if is_new:
        note_deed(by, "took out a wording", row)
    return True


def put_back(row: UnwantedWording, by: User) -> None:
    note_deed(by, "put back a wording", row)
    row.delete()
