"""What no person wrote is marked and waits for nobody; what a person wrote is not marked."""

from typing import Any

import pytest

from interactions.automatic import kind_of_automatic
from interactions.models import Message
from tests.crm import PushingCrm, minutes_ago
from tests.work import run_tasks

MACHINES: list[tuple[str, str, dict[str, str], str]] = [
    ("mailer-daemon@mx.example", "Undelivered Mail Returned to Sender", {}, "bounce"),
    ("postmaster@mx.example", "x", {}, "bounce"),
    ("bounces+123@mail.example", "x", {}, "bounce"),
    ("ann@x.example", "Undeliverable: Re: Your order", {}, "bounce"),
    ("ann@x.example", "Delivery Status Notification (Failure)", {}, "bounce"),
    ("ann@x.example", "x", {"return-path": "<>"}, "bounce"),
    ("ann@x.example", "x", {"auto-submitted": "auto-replied; owner=x"}, "auto_reply"),
    ("ann@x.example", "Automatic reply: Your order", {}, "auto_reply"),
    ("ann@x.example", "Out of Office", {}, "auto_reply"),
    ("ann@x.example", "Abwesenheitsnotiz: bis Montag", {}, "auto_reply"),
    ("news@x.example", "x", {"list-unsubscribe": "<mailto:x>"}, "newsletter"),
    ("news@x.example", "x", {"precedence": "bulk"}, "newsletter"),
    ("support@tern.example", "x", {}, "loop"),
    ("ann@x.example", "x", {"x-rapport-delivery": "1"}, "loop"),
]
PEOPLE: list[tuple[str, str, dict[str, str]]] = [
    ("ann@x.example", "Undelivered parcel", {}),
    ("ann@x.example", "Undeliverable address on my order?", {}),
    ("ann@x.example", "Out of office chairs", {}),
    ("ann@x.example", "Automatic replying is broken", {}),
    ("ann@x.example", "Re: Your order", {"auto-submitted": "no", "return-path": "<ann@x.example>"}),
    ("bouncers@x.example", "Tickets", {}),
    ("", "", {}),
]


@pytest.mark.parametrize(("sender", "subject", "headers", "kind"), MACHINES)
def test_machines_are_told_apart(sender: str, subject: str, headers: dict[str, str], kind: str) -> None:
    assert kind_of_automatic(sender, subject, headers, from_us=sender == "support@tern.example") == kind


@pytest.mark.parametrize(("sender", "subject", "headers"), PEOPLE)
def test_people_are_left_alone(sender: str, subject: str, headers: dict[str, str]) -> None:
    assert kind_of_automatic(sender, subject, headers, from_us=sender == "support@tern.example") == ""


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ({"headers": {"Auto-Submitted": "auto-replied"}}, "auto_reply"),
        ({"headers": {"LIST-ID": "<news>"}}, "newsletter"),
        ({"contact": {"id": "p-9", "email": "MAILER-DAEMON@x.example"}}, "bounce"),
        ({"contact": {"id": "p-9", "email": "Support@Tern.example"}}, "loop"),
    ],
)
def test_an_automatic_message_is_kept_marked_and_nobody_waits(
    crm: PushingCrm, how: dict[str, Any], kind: str
) -> None:
    crm.says("beep", **how)
    run_tasks()
    assert crm.conversation().messages.get().automatic == kind
    assert crm.conversation().waiting_since is None


def test_two_machines_that_answer_each_other_are_stopped(crm: PushingCrm) -> None:
    for number in range(22):
        crm.says(f"auto answer {number}", at=minutes_ago(9 - number / 10))
    run_tasks()
    marks = list(Message.objects.order_by("pk").values_list("automatic", flat=True))
    assert marks[:20] == [""] * 20
    assert marks[20:] == ["loop"] * 2


def test_a_long_history_told_at_once_is_no_loop(crm: PushingCrm) -> None:
    for number in range(25):
        crm.says(f"letter {number}", at=minutes_ago(1000 - number * 30))
    run_tasks()
    assert not Message.objects.exclude(automatic="").exists()
