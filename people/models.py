"""Who works here: users, teams, what each may do in them, and the keys their programs use."""

import hashlib
import secrets
import uuid
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """A person who signs in by email. Admins look after settings; they read no mail by default."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_admin = models.BooleanField(default=False)
    may_read_conversations = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="Europe/Stockholm")
    theme = models.CharField(
        max_length=6, default="system", choices=[(t, t) for t in ("system", "light", "dark")]
    )
    undo_seconds = models.PositiveSmallIntegerField(null=True, blank=True)
    single_keys = models.BooleanField(default=True)
    only_finished_drafts = models.BooleanField(default=False)
    daily_mail = models.CharField(
        max_length=8, default="all", db_default="all", help_text="What the mail of each morning tells of.",
        choices=[("all", "All that waits for me"), ("promises", "Promises only"), ("off", "No mail")],
    )  # fmt: skip
    joined_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0]


class Team(models.Model):
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(unique=True)
    email = models.EmailField(blank=True, help_text="The sender of this team's replies.")
    time_zone = models.CharField(max_length=64, default="Europe/Stockholm")
    business_hours = models.JSONField(
        default=dict, blank=True, help_text='Weekday (0 is Monday) to ["09:00", "17:00"].'
    )
    signature = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    AGENT = "agent", "Agent"
    ACCOUNT_MANAGER = "account_manager", "Account manager"
    LEAD = "lead", "Team lead"


class Membership(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="one_role_a_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}: {self.role}"


class Scope(models.TextChoices):
    READ = "read", "Read"
    WRITE = "write", "Write"
    DECIDE = "decide", "Decide"


class ApiKey(models.Model):
    """A key of a person, or of a connection (`person` empty). Only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(User, models.CASCADE, null=True, related_name="keys")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    start = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.start})"

    @classmethod
    def make(cls, name: str, scopes: list[str], person: User | None = None) -> tuple[Self, str]:
        """A new key and, for this once, its text. A connection's key can never decide."""
        if person is None and Scope.DECIDE in scopes:
            raise ValueError("Only a person's key may decide.")
        text = f"rap_{secrets.token_urlsafe(32)}"
        key = cls.objects.create(
            name=name, scopes=scopes, person=person, digest=digest_of(text), start=text[:9]
        )
        return key, text


def digest_of(key: str) -> str:
    """Keys are long and random, so a plain hash is enough and allows an indexed look-up."""
    return hashlib.sha256(key.encode()).hexdigest()


class AuditEntry(models.Model):
    """Who did what to which thing; written in the transaction of the deed."""

    at = models.DateTimeField(auto_now_add=True)
    person = models.ForeignKey(User, models.SET_NULL, null=True)
    key = models.ForeignKey(ApiKey, models.SET_NULL, null=True)
    verb = models.CharField(max_length=40)
    target = models.CharField(max_length=80)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["target", "-at"], name="audit_target")]

    def __str__(self) -> str:
        return f"{self.person} {self.verb} {self.target}"
