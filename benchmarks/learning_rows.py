"""Learning on real rows: one signal to a stored lesson, a replay of many, and choosing among 10,000 lessons."""

import os
import random
import resource
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks import house_letters
from benchmarks.house import figure, quantile

SIGNALS = int(os.environ.get("SIGNALS", "40000"))
TEAMS = 20
ONE_OFF = 0.2
LESSONS = 10_000
CHOICES = 200
ONE_MS, CHOOSE_MS, REPLAY_SECONDS = 50, 10, 180


def main() -> bool:
    from copilot.learning import ledger
    from copilot.models import Lesson, LessonEvidence, Signal

    made = _signals()
    times = [_timed(ledger.learn, pk) for pk in made[:500]]
    print(f"\nReal rows, {len(made)} settled edits of {TEAMS} teams:")
    fine = _within(
        "one signal to its stored lessons, 95th percentile", 1000 * quantile(times, 0.95), ONE_MS, "ms"
    )
    before = _megabytes()
    began = time.process_time(), time.perf_counter()
    while ledger.learn_due():
        pass
    cpu, wall = time.process_time() - began[0], time.perf_counter() - began[1]
    left = Signal.objects.filter(learnt_at=None).count()
    fine &= _within(f"the other {len(made) - 500}, {left} of them left over", wall, REPLAY_SECONDS, "s")
    figure("  of that in this process", cpu, "s")
    figure("  memory that the replay added", _megabytes() - before, "MB")
    figure("lessons in use", Lesson.objects.filter(state="active").count(), "")
    figure(
        "lessons stored, rows of evidence for each", LessonEvidence.objects.count() / Lesson.objects.count(), ""
    )
    return fine & _choose()


def _within(name: str, value: float, most: float, unit: str) -> bool:
    figure(name, value, unit, f"at most {most}: {'well' if value <= most else 'MISSED'}")
    return value <= most


def _timed(verb: Any, *what: Any) -> float:
    began = time.perf_counter()
    verb(*what)
    return time.perf_counter() - began


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _signals() -> list[int]:
    """Letters of invented teams, edited to their taste, a fifth with a one-off edit beside it."""
    from copilot import words
    from copilot.models import Decision, Signal
    from customers.models import Account, Contact
    from interactions.models import Conversation
    from people.models import Team, User

    rng, now = random.Random(1), datetime.now(UTC)
    person = User.objects.create(email="ida@example.org", name="Ida Vik")
    teams = [Team.objects.create(name=f"Team {n}", slug=f"team-{n}") for n in range(TEAMS)]
    tastes = [house_letters.some_tastes(rng) for _ in teams]
    account = Account.objects.create(name="Fjord")
    people = {n: Contact.objects.create(name=f"{n} Holm", account=account) for n in house_letters.NAMES}
    letters = [house_letters.a_letter(rng) for _ in range(SIGNALS)]
    talks = Conversation.objects.bulk_create(
        Conversation(
            team=teams[n % TEAMS], contact=people[one.name], account=account, language="en", created_at=now,
            last_message_at=now,
        )
        for n, one in enumerate(letters)
    )  # fmt: skip
    sent = [_sent(rng, one, tastes[n % TEAMS]) for n, one in enumerate(letters)]
    decisions = Decision.objects.bulk_create(
        Decision(conversation=talk, person=person, kind="edit", text=text)
        for talk, text in zip(talks, sent, strict=True)
    )
    rows = Signal.objects.bulk_create(
        Signal(
            decision=decision, conversation=decision.conversation, team=decision.conversation.team,
            person=person, drafted=one.text, sent=decision.text, script=words.script(one.text, decision.text),
            distance=0.1, body_distance=0.1, state="settled", settled_at=now,
        )
        for decision, one in zip(decisions, letters, strict=True)
    )  # fmt: skip
    return [one.pk for one in rows]


def _sent(rng: random.Random, letter: house_letters.Letter, tastes: list[house_letters.Taste]) -> str:
    text = house_letters.to_taste(letter, tastes)
    return house_letters.with_one_off(rng, text, letter.text) if rng.random() < ONE_OFF else text


def _choose() -> bool:
    """A team with many lessons; what a letter is about calls for those that concern it."""
    from django.db import connection

    from copilot.context.taught import lessons_for
    from copilot.models import Draft, Lesson
    from copilot.words import content
    from interactions.models import Conversation

    rng = random.Random(2)
    talk = Conversation.objects.select_related("team", "account").first()
    assert talk is not None
    Lesson.objects.bulk_create(_a_lesson(rng, talk.team_id, n, content) for n in range(LESSONS))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE copilot_lesson")
    draft = Draft(conversation=talk)
    texts = ["\n".join(house_letters.a_letter(rng).text for _ in range(6)) for _ in range(CHOICES)]
    times = [_timed(lessons_for, draft, "en", text) for text in texts]
    return _within(
        f"choosing among {LESSONS} lessons, 95th percentile", 1000 * quantile(times, 0.95), CHOOSE_MS, "ms"
    )


def _a_lesson(rng: random.Random, team: int, number: int, content: Any) -> Any:
    from copilot.models import Lesson

    said = [
        word
        for topic in house_letters.TOPICS
        for sentence in topic
        for word in sentence.split()
        if len(word) > 4
    ]
    before = f"{rng.choice(said)} {''.join(rng.choices('abcdefghij', k=6))} {rng.choice(said)}".replace(".", "")
    return Lesson(
        team_id=team, kind="replace", language="en", before=before, after=f"word {number}", key=str(number),
        state="active", found_by=sorted(content(before)), proof=rng.randrange(2, 30),
    )  # fmt: skip
