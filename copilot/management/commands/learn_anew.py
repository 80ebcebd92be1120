"""`manage.py learn_anew`: count all settled edits again, with what mines and judges them today.

What people decided or undid stays as it is; so does every lesson, though its evidence may now say otherwise.
Replies that an earlier version kept become findable by what somebody types ("In our words").
"""

from typing import Any

from django.core.management.base import BaseCommand

from copilot.learning import ledger, sense_kept
from copilot.learning.signals import word_past_replies
from copilot.models import Lesson, LessonEvidence, Signal


class Command(BaseCommand):
    help = "Learn from all settled edits anew; people's decisions about lessons stay."

    def handle(self, *args: Any, **options: Any) -> None:
        LessonEvidence.objects.exclude(signal=None).filter(undone_at=None).delete()
        Lesson.objects.update(proof=0)
        Signal.objects.exclude(learnt_at=None).update(learnt_at=None)
        done = 0
        while count := ledger.learn_due():
            done += count
            self.stdout.write(f"{done} edits", ending="\r")
        self.stdout.write(f"{done} edits were learnt from anew.")
        sense_kept.forget()
        offers = 0
        while count := sense_kept.keep_due(least=1):
            offers += count
        self.stdout.write(f"{offers} replies in our words were learnt from anew.")
        worded = 0
        for worded in word_past_replies():
            if worded % 100 == 0:
                self.stdout.write(f"{worded} past replies", ending="\r")
        self.stdout.write(f"{worded} past replies were given what their wording is found by.")
