"""What a draft may draw on besides the customer's own rows: articles, saved and past replies.

`embedded_with` names the model whose vector of this text is kept; any other name means that the text is due.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from customers.models import Account, Contact
from interactions.models import Conversation, Message
from people.models import Team

USER = settings.AUTH_USER_MODEL

DICTIONARIES = {
    "da": "danish", "de": "german", "es": "spanish", "fi": "finnish", "fr": "french",
    "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "sv": "swedish",
}  # fmt: skip


def dictionary(language: str) -> str:
    """PostgreSQL's text-search configuration for a language code; English where unknown."""
    return DICTIONARIES.get(language[:2], "english")


class Words(models.Func):
    """The searchable words of one or more columns, stemmed by the row's own `language`."""

    arg_joiner = " || ' ' || "
    template = (
        "to_tsvector(CASE left(language, 2) "
        + " ".join(f"WHEN '{c}' THEN '{d}'::regconfig" for c, d in DICTIONARIES.items())
        + " ELSE 'english'::regconfig END, %(expressions)s)"
    )


def words_of(*columns: str) -> models.GeneratedField:
    return models.GeneratedField(expression=Words(*columns), output_field=SearchVectorField(), db_persist=True)


class OneTeam(models.Func):
    """A team as a list of one, which a GIN index takes beside the words without an extension."""

    template = "ARRAY[%(expressions)s]"
    output_field = ArrayField(models.BigIntegerField())


class Article(models.Model):
    """Something the house holds true. `path`: where it was imported from, and is updated from."""

    title = models.CharField(max_length=200)
    body = models.TextField(help_text="Markdown.")
    path = models.CharField(max_length=300, blank=True)
    teams = models.ManyToManyField(Team, blank=True, related_name="+", help_text="Empty: all.")
    language = models.CharField(max_length=8, default="en")
    owner = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    review_by = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True, help_text="Set: no draft draws on it.")
    embedded_with = models.CharField(max_length=80, blank=True)
    vector = words_of("title", "body")

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["vector"], name="article_words"),
            models.Index(fields=["embedded_with"], name="article_embedded"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["path"], condition=~models.Q(path=""), name="one_article_a_path")
        ]

    def __str__(self) -> str:
        return self.title


class SavedReply(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    text = models.TextField()
    path = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=8, default="en")
    owner = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    review_by = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True, help_text="Set: no draft draws on it.")
    embedded_with = models.CharField(max_length=80, blank=True)
    vector = words_of("title", "text")

    class Meta:
        indexes: ClassVar = [
            GinIndex(fields=["vector"], name="saved_reply_words"),
            models.Index(fields=["embedded_with"], name="saved_reply_embedded"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "path"], condition=~models.Q(path=""), name="one_saved_reply_a_path"
            )
        ]

    def __str__(self) -> str:
        return self.title


class PastReply(models.Model):
    """A reply that was really sent and the words it answered, kept for finding the like of it.

    `customer` and `author` are opaque keys: a phrase may reach another customer's draft only
    when two of each have used it. `wording` is its body with all details as slots, `worded` what tells one
    wording from another, and `cues` are what it is found by when somebody types the like.
    """

    message = models.OneToOneField(Message, models.CASCADE, related_name="past_reply")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, related_name="+")
    customer = models.CharField(max_length=80)
    author = models.CharField(max_length=80)
    asked = models.TextField()
    text = models.TextField()
    typed = models.TextField(blank=True, default="", db_default="", help_text="What was typed first.")
    wording = models.TextField(blank=True, default="", db_default="")
    worded = models.CharField(max_length=16, blank=True, default="", db_default="", db_index=True)
    cues = ArrayField(models.TextField(), default=list, db_default=[])
    language = models.CharField(max_length=8, blank=True)
    sent_at = models.DateTimeField()
    embedded_with = models.CharField(max_length=80, blank=True)
    vector = words_of("asked")

    class Meta:
        indexes: ClassVar = [
            # With the team, so that finding few of a small team does not read those of all others.
            GinIndex("vector", OneTeam("team"), name="past_reply_words_of_team"),
            GinIndex(fields=["cues"], name="past_reply_cues"),
            models.Index(fields=["team", "-id"], name="past_reply_team"),
            models.Index(fields=["embedded_with"], name="past_reply_embedded"),
        ]

    def __str__(self) -> str:
        return f"Past reply {self.pk}"
