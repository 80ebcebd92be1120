"""A draft with a source, a check and something missing, and how people and htmx ask for pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from copilot.models import Draft
from customers.models import Record
from interactions.models import Conversation
from people.models import User

PROMISE = "We will send the new price by Friday."
TEXT = f"Hi Sigrid,\n\nYour contract ends on 14 March 2027. {PROMISE}\n\nKind regards,\nInes"

type SignIn = Callable[[User], Client]


def a_draft(*, conversation: Conversation, state: str = Draft.State.READY, **fields: Any) -> Draft:
    now = timezone.now()
    record = Record.objects.create(
        kind="contract", external_id=f"r-{conversation.pk}", title="Contract F-031",
        account=conversation.account, source_updated_at=now,
    )  # fmt: skip
    told: dict[str, Any] = {
        "text": TEXT, "sources": [a_source(record)], "checks": [a_check()], "missing": ["the new price"],
        "unused": [{"what": "2 notes", "why": "out of date"}], "engine": "claude", "model": "claude-test",
        "prompt_version": "reply-1", "usage": {"input": 1200, "output": 80}, "cost_micros": 4200,
        "envelope": {"to": ["sigrid@fjord.example"], "cc": [], "bcc": [], "subject": "Re: When?",
                     "attachments": []},
        "started_at": now - timedelta(seconds=6), "ready_at": now, "n": 1,
        "answers": conversation.messages.filter(by="customer").last(),
    }  # fmt: skip
    return Draft.objects.create(conversation=conversation, state=state, due_at=now, **(told | fields))


def a_source(record: Record) -> dict[str, Any]:
    at = TEXT.index("2027.") + 5
    return {
        "n": 1, "id": f"r{record.pk}", "kind": "record", "title": "Contract F-031", "author": "CRM",
        "at": timezone.now().isoformat(), "quote": "Term ends 14 March 2027",
        "url": f"/accounts/{record.account_id}/", "internal": False, "marks": [at],
    }  # fmt: skip


def a_check() -> dict[str, Any]:
    start = TEXT.index(PROMISE)
    return {
        "id": "c1", "kind": "promise", "words": PROMISE, "label": "I will see to it:", "note": "new promise",
        "start": start, "end": start + len(PROMISE), "tick": True,
    }  # fmt: skip


def htmx(target: str) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Target": target}
