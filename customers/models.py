"""Who the customers are: accounts, contacts, how they are recognised, and what is known of them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Greatest, Least

USER = settings.AUTH_USER_MODEL


class Account(models.Model):
    name = models.CharField(max_length=200)
    sort_key = models.CharField(max_length=200, db_index=True, editable=False)
    domain = models.CharField(max_length=200, blank=True)
    tier = models.CharField(max_length=40, blank=True)
    about = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    manager = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    teams = models.ManyToManyField("people.Team", related_name="+", blank=True)
    people_only = models.BooleanField(default=False)
    people_only_reason = models.CharField(max_length=200, blank=True)
    fields = models.JSONField(default=dict, blank=True)
    customer_since = models.DateField(null=True, blank=True)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    told_at = models.JSONField(default=dict, blank=True, help_text="When a source last told of each field.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


def sort_key(name: str) -> str:
    """C.UTF-8 sorts by code point, so names carry a folded key to sort by."""
    return name.casefold()[:200]


class Contact(models.Model):
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True, db_index=True)
    phone = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    people_only = models.BooleanField(default=False)
    people_only_reason = models.CharField(max_length=200, blank=True)
    fields = models.JSONField(default=dict, blank=True)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    told_at = models.JSONField(default=dict, blank=True, help_text="When a source last told of each field.")
    # Set on all of a merged group, the one that is shown included; a foreign key of the database's own
    # (migration 0005) sees to it that whoever is shown is shown as themselves: no chain, no circle.
    shown_as = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        help_text="The contact as whom this one is shown; empty: nobody was merged with it.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["shown_as"], condition=models.Q(shown_as__isnull=False), name="contact_merged")
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["id", "shown_as"], name="contact_as_shown")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def shown(self) -> "Contact":
        """Whose name and address stand for this person; asks nothing where nobody was merged."""
        return self.shown_as or self

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0] if self.name else ""


class ContactMerge(models.Model):
    """That two contacts are one person: proposed, decided and perhaps taken back, each by somebody."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        MERGED = "merged"
        DECLINED = "declined"
        TAKEN_BACK = "taken_back", "Taken back"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="merges")
    into = models.ForeignKey(Contact, models.CASCADE, related_name="taken_in", help_text="Who is shown.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    why = models.CharField(max_length=300, blank=True)
    proposed_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    taken_back_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back_why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(contact=models.F("into")), name="merge_is_of_two"),
            models.UniqueConstraint(
                fields=["contact"], condition=models.Q(state="merged"), name="merged_into_one"
            ),
            models.UniqueConstraint(
                Least("contact", "into"), Greatest("contact", "into"),
                condition=models.Q(state="proposed"), name="merge_is_proposed_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Merge {self.pk}"


class Identity(models.Model):
    """How a source names a contact or an account: `source` is a connection's id.

    A mail address or phone number is no identity by itself: it is matched within an account only.
    """

    source = models.UUIDField()
    kind = models.CharField(max_length=8, choices=[("contact", "contact"), ("account", "account")])
    external_id = models.CharField(max_length=200)
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, blank=True, related_name="identities")
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="identities")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "kind", "external_id"], name="identity_is_unique"),
            models.CheckConstraint(
                condition=models.Q(kind="contact", contact__isnull=False, account__isnull=True)
                | models.Q(kind="account", account__isnull=False, contact__isnull=True),
                name="identity_names_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class Erasure(models.Model):
    """The receipt of one contact's erasure: who asked, when, and how much of what went; no word of theirs."""

    at = models.DateTimeField(help_text="What was said up to then stays out, should it be told again.")
    done_at = models.DateTimeField(auto_now_add=True)
    person = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    source = models.UUIDField(null=True, blank=True, help_text="The connection that demanded it.")
    counts = models.JSONField(default=dict, help_text="How many rows of each kind went.")

    def __str__(self) -> str:
        return f"Erasure {self.pk}"


class ErasedName(models.Model):
    """Under which a source knew what was erased, as a keyed hash: recognised, and never read back."""

    erasure = models.ForeignKey(Erasure, models.CASCADE, related_name="names")
    source = models.UUIDField()
    kind = models.CharField(max_length=12, choices=[("contact", "contact"), ("conversation", "conversation")])
    digest = models.CharField(max_length=64)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["source", "digest"], name="erased_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"


class Record(models.Model):
    """An order, invoice, subscription or ticket, as the CRM last told it."""

    source = models.UUIDField(null=True, blank=True)
    external_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=60, blank=True)
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="records")
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, blank=True, related_name="records")
    fields = models.JSONField(default=dict, blank=True)
    occurred_at = models.DateTimeField(null=True, blank=True)
    source_updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "kind", "external_id"],
                name="record_is_unique",
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-occurred_at"], name="record_by_account"),
            models.Index(fields=["contact", "-occurred_at"], name="record_by_contact"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.kind} {self.external_id}"


class Note(models.Model):
    """Something true about the relationship, once a person has said so."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ACCEPTED = "accepted"
        REJECTED = "rejected"
        SUPERSEDED = "superseded"
        EXPIRED = "expired"

    class Kind(models.TextChoices):
        PREFERENCE = "preference"
        CONCERN = "concern"
        COMMITMENT = "commitment"
        MILESTONE = "milestone"
        RISK = "risk"
        WAY_OF_WORKING = "way_of_working", "Way of working"
        PERSONAL = "personal"

    account = models.ForeignKey(Account, models.CASCADE, related_name="notes")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="notes")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    text = models.TextField()
    quote = models.TextField(blank=True)
    internal = models.BooleanField(default=True, help_text="Never repeated to the customer.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROPOSED)
    author = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    by_copilot = models.BooleanField(default=False, db_default=False, help_text="Proposed by the copilot.")
    owner = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    confidence = models.CharField(max_length=40, blank=True)
    review_by = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    first_text = models.TextField(
        blank=True, default="", db_default="", help_text="As proposed, where a person said it better."
    )
    superseded_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="superseded",
        help_text="What took its place, or into which it was merged.",
    )  # fmt: skip
    key = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of a proposal: the same, however worded.",
    )
    created_at = models.DateTimeField()
    source = models.UUIDField(null=True, blank=True, help_text="The connection that told of it.")
    external_id = models.CharField(max_length=200, blank=True)
    source_updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "state"], name="note_by_account"),
            models.Index(
                fields=["review_by"],
                condition=models.Q(state="accepted", review_by__isnull=False),
                name="note_to_review",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "key"], condition=~models.Q(key=""), name="note_is_proposed_once"
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=~models.Q(external_id=""), name="note_is_told_once"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Promise(models.Model):
    """Something we said we would do."""

    class State(models.TextChoices):
        OPEN = "open"
        KEPT = "kept"
        CANCELLED = "cancelled"

    account = models.ForeignKey(Account, models.CASCADE, related_name="promises")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    owner = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="promises")
    text = models.TextField()
    quote = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    first_due_at = models.DateTimeField(null=True, blank=True, help_text="As first said, where it was moved.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["account", "due_at"],
                condition=models.Q(state="open"),
                name="promise_open_by_account",
            ),
            models.Index(
                fields=["owner", "due_at"], condition=models.Q(state="open"), name="promise_open_by_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Goal(models.Model):
    """What matters with this account now, set by its manager."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="goals")
    text = models.CharField(max_length=300)
    do = models.TextField(blank=True)
    dont = models.TextField(blank=True)
    by = models.DateField(null=True, blank=True)
    not_on_complaints = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    set_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.text[:60]
