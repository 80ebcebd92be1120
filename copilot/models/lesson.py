"""What edits taught: each lesson with its evidence, every move it made, and the drafts that used it."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from copilot.models.decision import Signal
from copilot.models.draft import Draft
from interactions.models import Conversation
from people.models import Team

USER = settings.AUTH_USER_MODEL


class Lesson(models.Model):
    """A small change of wording, masked. With `person` it is for what that person answers only."""

    class Kind(models.TextChoices):
        REPLACE = "replace", "Wording"
        GREETING = "greeting", "Greeting"
        CLOSING = "closing", "Closing"
        OPENING = "opening", "Opening sentence"
        INSERT = "insert", "Added sentence"
        DELETE = "delete", "Left out"
        ORDER = "order", "Order"
        LENGTH = "length", "Length"

    class State(models.TextChoices):
        PROPOSED = "proposed", "Not enough yet"
        ACTIVE = "active", "In use"
        RETIRED = "retired", "Retired"

    team = models.ForeignKey(Team, models.CASCADE, related_name="lessons")
    person = models.ForeignKey(USER, models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    language = models.CharField(max_length=8, blank=True)
    before = models.CharField(max_length=400, blank=True)
    after = models.CharField(max_length=400, blank=True)
    key = models.CharField(max_length=64, help_text="The digest by which the same change is found again.")
    near = models.JSONField(default=list, help_text="Word stems of the replies that a sentence belongs to.")
    found_by = ArrayField(
        models.CharField(max_length=8),
        default=list,
        db_default=[],
        help_text="Stems that call for it; none: any reply may.",
    )
    tiers = ArrayField(
        models.CharField(max_length=40),
        default=list,
        db_default=[],
        help_text="Customers' tiers it holds for; none: every one.",
    )
    proof = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Conversations that agree, of the latest evidence."
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    accepted_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    judged_from = models.DateTimeField(auto_now_add=True, help_text="Contradictions before it are forgiven.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "person", "key"], nulls_distinct=False, name="one_lesson_of_a_kind"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["team", "-proof"], condition=models.Q(state="active"), name="lesson_in_use"),
            models.Index(
                fields=["team", "-proof"],
                condition=models.Q(state="active", kind__in=["greeting", "closing", "length"]),
                name="line_in_use",
            ),
            GinIndex(fields=["found_by"], condition=models.Q(state="active"), name="lesson_by_stem"),
        ]

    def __str__(self) -> str:
        return f"Lesson {self.pk}: {self.state}"

    @property
    def title(self) -> str:
        """The lesson as a sentence."""
        told = str(self.kind)
        if told == Lesson.Kind.REPLACE and not self.after:
            told = Lesson.Kind.DELETE
        if told == Lesson.Kind.ORDER and self.before == "?":
            told = "question"
        if told == Lesson.Kind.LENGTH and self.after == "1":
            told = "sentence"
        return TITLES[told].format(before=self.before, after=self.after)


TITLES = {
    Lesson.Kind.REPLACE.value: "Say “{after}”, not “{before}”",
    Lesson.Kind.GREETING.value: "Greet with “{after}”",
    Lesson.Kind.CLOSING.value: "Close with “{after}”",
    Lesson.Kind.OPENING.value: "Begin with “{after}”",
    Lesson.Kind.INSERT.value: "Add “{after}”",
    Lesson.Kind.DELETE.value: "Leave out “{before}”",
    Lesson.Kind.ORDER.value: "Put what is said of “{before}” {after}",
    Lesson.Kind.LENGTH.value: "Keep it to {after} sentences",
    "question": "Put the question {after}",
    "sentence": "Keep it to one sentence",
}


class LessonMove(models.Model):
    """One step in a lesson's life; `by` is empty where the evidence itself moved it."""

    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="moves")
    deed = models.CharField(max_length=20)
    state = models.CharField(max_length=8, choices=Lesson.State.choices)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.deed}: lesson {self.lesson_id}"


class LessonEvidence(models.Model):
    """What one conversation says of a lesson; without a signal a person said so on a draft."""

    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="evidence")
    signal = models.ForeignKey(Signal, models.CASCADE, null=True, related_name="evidence")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    person = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    agrees = models.BooleanField()
    undone_at = models.DateTimeField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["lesson", "signal", "conversation"], nulls_distinct=False, name="a_signal_says_once"
            )
        ]

    def __str__(self) -> str:
        return f"{'For' if self.agrees else 'Against'} lesson {self.lesson_id}"


class LessonUse(models.Model):
    """A draft that a lesson shaped."""

    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="uses")
    draft = models.ForeignKey(Draft, models.CASCADE, related_name="lesson_uses")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["lesson", "draft"], name="one_use_a_draft")]

    def __str__(self) -> str:
        return f"Lesson {self.lesson_id} in draft {self.draft_id}"


class LessonTrial(models.Model):
    """The one lesson by which a draft tells what lessons bring, drawn by chance; `held`: chance left it out."""

    draft = models.OneToOneField(Draft, models.CASCADE, related_name="trial")
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="trials")
    held = models.BooleanField(help_text="The draft was written without it.")
    applied_at = models.DateTimeField(null=True, help_text="When a person put it in after all.")

    def __str__(self) -> str:
        return f"Draft {self.draft_id} {'without' if self.held else 'with'} lesson {self.lesson_id}"


class LessonRule(models.Model):
    """Whether a team's lessons wait for a lead's yes, however many edits agree, and whether a few drafts go
    without one, so that what it brings is measured."""

    team = models.OneToOneField(Team, models.CASCADE, related_name="lesson_rule")
    needs_yes = models.BooleanField(default=False)
    holds_back = models.BooleanField(default=True, db_default=True)

    def __str__(self) -> str:
        return f"Lessons of team {self.team_id} {'wait for a yes' if self.needs_yes else 'act by themselves'}"


class NoTeacher(models.Model):
    """A person whose edits teach nothing, by their own wish."""

    person = models.OneToOneField(USER, models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Nothing is learnt from person {self.person_id}"
