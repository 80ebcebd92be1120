"""What signals learnt together share: their lessons, read and locked at once, and evidence kept for the end."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import F

from copilot.learning import evidence
from copilot.learning.mine import Customer, Delta
from copilot.models import Lesson, LessonEvidence, LessonMove, LessonUse, Offer, Signal

type Place = tuple[int, int | None, str]  # a lesson's team, person and key


@dataclass(frozen=True, slots=True)
class Found:
    """One change of wording in a signal, and the key of its lesson."""

    signal: Signal
    delta: Delta
    key: str

    @property
    def language(self) -> str:
        return self.signal.conversation.language or "en"

    @property
    def places(self) -> tuple[Place, Place]:
        """Where its lesson may stand: the person's own before the team's."""
        team = self.signal.team_id
        return (team, self.signal.person_id, self.key), (team, None, self.key)


@dataclass
class Batch:
    used: dict[int, list[Lesson]] = field(default_factory=dict)  # by draft
    _lessons: dict[Place, Lesson] = field(default_factory=dict)
    _fresh: set[int] = field(default_factory=set)  # made here, and nothing was said of them yet
    _waiting: dict[int, dict[int, LessonEvidence]] = field(default_factory=lambda: defaultdict(dict))
    _colleagues: dict[int, list[str]] = field(default_factory=dict)

    def customer(self, signal: Signal) -> Customer:
        return evidence.customer_of(signal, self._colleagues[signal.team_id])

    def read(self, signals: Sequence[Signal]) -> None:
        """Who works in their teams, and the lessons that had shaped their drafts."""
        self._colleagues = evidence.colleagues_of({one.team_id for one in signals})
        drafts = {one.draft_id for one in signals if one.draft_id}
        uses = LessonUse.objects.filter(draft__in=drafts).select_related("lesson") if drafts else ()
        for use in sorted(uses, key=lambda one: one.lesson_id):
            self.used.setdefault(use.draft_id, []).append(use.lesson)

    def read_lessons(self, found: Sequence[Found]) -> None:
        """Lock the lessons of all that was found, and make those that are missing."""
        self._lock({one.key for one in found}, {one.signal.team_id for one in found})
        missing = {one.places[1]: one for one in found if self._lesson(one) is None}
        if not missing:
            return
        Lesson.objects.bulk_create(map(_lesson_of, missing.values()), ignore_conflicts=True)
        self._lock({key for _, _, key in missing}, {team for team, _, _ in missing})
        # Who was faster in another transaction has said something of it already.
        made = [self._lessons[place] for place in missing if self._lessons[place].proof == 0]
        LessonMove.objects.bulk_create(
            LessonMove(lesson=one, deed="learnt", state=one.state) for one in made
        )  # fmt: skip
        offered = Offer.objects.filter(key__in={one.key for one in made}, state=Offer.State.OPEN)
        places = set(offered.values_list("team", "key"))
        self._fresh = {one.pk for one in made if (one.team_id, one.key) not in places}

    def _lock(self, keys: Collection[str], teams: Collection[int]) -> None:
        rows = Lesson.objects.select_for_update().filter(team__in=teams, key__in=keys).order_by("pk")
        self._lessons |= {(one.team_id, one.person_id, one.key): one for one in rows}

    def _lesson(self, found: Found) -> Lesson | None:
        own, shared = found.places
        return self._lessons.get(own) or self._lessons.get(shared)

    def lesson(self, found: Found) -> Lesson:
        """The person's own where they have it, else the team's; locked."""
        lesson = self._lesson(found)
        assert lesson is not None, "read_lessons read or made it"
        return lesson

    def is_first(self, lesson: Lesson) -> bool:
        """Whether this is the first thing said of a lesson that needs another to be judged at all."""
        first = lesson.pk in self._fresh
        self._fresh.discard(lesson.pk)
        return first

    def keep(self, lesson: Lesson, signal: Signal) -> None:
        """Evidence that agrees and moves nothing."""
        self._waiting[lesson.pk][signal.pk] = LessonEvidence(
            lesson=lesson, conversation=signal.conversation, signal=signal, person=signal.person, agrees=True
        )

    def write(self, lessons: Iterable[int] | None = None) -> None:
        """The evidence that waits, of these lessons or of all."""
        told = {pk: self._waiting.pop(pk) for pk in list(self._waiting if lessons is None else lessons)
                if pk in self._waiting}  # fmt: skip
        keep_evidence([row for rows in told.values() for row in rows.values()])
        by_count: dict[int, list[int]] = defaultdict(list)
        for pk, rows in told.items():
            by_count[len(rows)].append(pk)
        for more, some in by_count.items():
            Lesson.objects.filter(pk__in=some).update(proof=F("proof") + more)

    def read_again(self, lessons: Collection[int]) -> None:
        """Those that were moved by somebody who read them for themselves."""
        for one in self._lessons.values():
            if one.pk in lessons:
                one.refresh_from_db()


def _lesson_of(found: Found) -> Lesson:
    delta = found.delta
    return Lesson(
        team_id=found.signal.team_id, key=found.key, kind=delta.kind, language=found.language,
        before=delta.before, after=delta.after, found_by=evidence.stems_of(delta.kind, delta.before),
    )  # fmt: skip


def keep_evidence(rows: list[LessonEvidence]) -> None:
    """What was undone stays undone."""
    if rows:
        LessonEvidence.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["lesson", "signal", "conversation"],
            update_fields=["person", "agrees"],
        )  # fmt: skip
