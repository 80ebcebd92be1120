"""The invented people and drafts of the gallery."""

# ruff: noqa: E501 (texts read better whole)

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from copilot.console import cards
from copilot.console.asked import Asked, HouseWording, Other, OurWords
from copilot.console.cards import Card, Envelope, Line, Paragraph, Person, Run, Said, Source, Step

NOW = timezone.now()
Scene = tuple[str, dict[str, Any]]


def past(**delta: float) -> Any:
    return NOW - timedelta(**delta)


MARA = Person("Mara Lind", colleague=True, id=1, is_you=True)
SAM = Person("Sam Okafor", colleague=True, id=2)
TOMAS = Person("Tomás Vega", colleague=True, id=3)
PRIYA = Person("Priya Nair", colleague=True, id=4)
DANA = Person("Dana Ruiz", note="Head of operations, decides, writes weekly")

VERBS: Any = frozenset(
    {"approve", "edit", "escalate", "discard", "redraft", "stop", "undo", "settle", "write", "note"}
)
TO_DANA = Envelope(
    to=("dana.ruiz@haldenfreight.com",),
    cc=("priya.nair@northlight.eu",),
    subject="Re: Renewal date, two extra seats and invoice 2291",
)
REPLY = (
    Paragraph((Run("Hi Dana,"),)),
    Paragraph(
        (
            Run(
                "Your contract renews on 14 March 2027, and a change of plan needs 30 days’ notice,"
                " so by 12 February.",
                (1,),
            ),
        )
    ),
    Paragraph(
        (
            Run(
                "Both extra seats have been live since 20 November, so your dispatchers can sign in on Monday.",
                (2, 3),
            ),
            Run("You are right about invoice 2291: it charges 14 seats for the full month.", (4,)),
            Run("You will have the corrected invoice by Friday.", (), "unsupported", "no source, new promise"),
        )
    ),
    Paragraph((Run("If Gothenburg joins in spring, its seats can share that date.", (5,), "goal"),)),
    Paragraph((Run("Kind regards, Mara"),)),
)
OURS = OurWords(
    "refund sent, few days",
    (
        HouseWording("The refund for UA-9004 is on its way. It reaches you within a few days.", "Sent 14 times by 5 colleagues", "a"),
        HouseWording("We have sent the refund for UA-9004 today.", "Sent 3 times by 2 colleagues", "b"),
    ),
)  # fmt: skip
TEXT = "\n\n".join(" ".join(run.text for run in paragraph.runs) for paragraph in REPLY)
PROMISE = cards.Check("promise:1", "I will see to it:", "corrected invoice to Dana by Friday 27 November.")
LESSON = cards.Lesson(
    "Give the last day for notice as a date",
    "learnt from Sam",
    "From Sam’s edit, 14 Oct. Proven in 31 replies.",
    "/learning/",
)


def card(state: Any, **more: Any) -> Card:
    given = {"conversation_id": 1, "n": 1, "version": 7, "customer": "Dana", "can": VERBS, **more}
    return Card(state=state, **given)


def waiting(approver: Person, waits_for: str, can: frozenset[cards.Verb]) -> Card:
    """A reply that a second person is to release."""
    return card(
        "waiting", person=approver, waits_for=waits_for, can=can, paragraphs=REPLY[:2],
        envelope=replace(TO_DANA, sender="Mara Lind <support@northlight.eu>"),
        meta=f"approved by {approver.first_name}, 10:46", delivery="5f2d0a6e-8c1b-4b0e-9a53-1d7f6e2b9c44",
        reason="It names 1,250, more than 500. Halden Freight is flagged: contract in dispute.",
    )  # fmt: skip


CARDS: dict[str, Callable[[], Card]] = {
    "none": lambda: card("none", asks=True, n=0),
    "off": lambda: card("none", n=0),
    "queued": lambda: card("queued", meta="2 drafts ahead, about 8 s"),
    "thinking": lambda: card(
        "thinking",
        elapsed=4,
        steps=(
            Step("This conversation, 6 messages", "done"),
            Step("Contract, seats, invoice 2291", "done", "CRM, 3 min ago"),
            Step("14 notes about Halden Freight", "now"),
            Step("Similar replies from your team", "later"),
        ),
    ),
    "streaming": lambda: card(
        "streaming",
        elapsed=7,
        paragraphs=(*REPLY[:2], Paragraph((Run("Both extra seats have been live since 20"),))),
    ),
    "ready": lambda: card(
        "ready",
        paragraphs=REPLY,
        envelope=TO_DANA,
        sources=5,
        unsupported=1,
        serving=1,
        words=75,
        checks=(PROMISE,),
        lessons=(LESSON,),
    ),
    "offline": lambda: card(
        "ready",
        held=LESSON,
        paragraphs=REPLY[:2],
        envelope=TO_DANA,
        sources=1,
        words=22,
        offline=True,
        problem="Sam approved this draft a moment ago. Nothing was sent twice.",
    ),
    "abstained": lambda: card(
        "abstained",
        meta="no source, so no draft",
        customer="Marc",
        question="Marc asks why Atelier Nord was charged twice in October. Two things are missing:",
        missing=("the second payment; the CRM shows only one", "whether a refund was agreed"),
        questions=(Asked(1, "What should Marc hear about “Why were we charged twice?”"),),
    ),
    "asks": lambda: card(
        "ready",
        paragraphs=(
            REPLY[0],
            Paragraph(
                (
                    Run("Your contract renews on 14 March 2027.", (1,)),
                    Run("The corrected invoice comes on [the date].", (), "unsupported", "left open"),
                )
            ),
        ),
        envelope=TO_DANA,
        sources=1,
        words=16,
        questions=(
            Asked(
                1,
                "What is the date in “The corrected invoice comes on [the date].”?",
                "the date",
                "Tomás Vega may know: answered such a question last.",
            ),
        ),
        can=VERBS - {"approve"},
    ),
    "answered": lambda: card(
        "ready",
        paragraphs=(
            REPLY[0],
            Paragraph((Run("The corrected invoice comes on Friday 27 November.", (1,)),)),
        ),
        envelope=TO_DANA,
        sources=1,
        words=11,
        keeps=(Asked(1, "", answer="Friday 27 November", account="Halden Freight"),),
    ),
    "others": lambda: card(
        "ready",
        paragraphs=REPLY[:2],
        envelope=TO_DANA,
        sources=1,
        words=22,
        picked="shorter",
        wishes=("Name the last day for notice.",),
        others=(
            Other(1, "as first written", TEXT),
            Other(2, "a refund", note="“A refund” is being written."),
        ),
        ways=("warmer", "firmer"),
        takes_words=True,
    ),
    "editing": lambda: card(
        "editing",
        paragraphs=REPLY,
        envelope=TO_DANA,
        saved_at=past(seconds=20),
        checks=(PROMISE,),
        text=TEXT.replace("You are right about", "I am sorry about"),
    ),
    "writing": lambda: card("writing", n=0, envelope=TO_DANA),
    "writing-offered": lambda: card("writing", n=0, envelope=TO_DANA, text="refund sent", ours=OURS),
    "stale": lambda: card(
        "stale",
        meta="Dana wrote again 20 s ago",
        edits=2,
        said=Said(DANA, "Sorry, make that three seats, please. Anna starts in December."),
        paragraphs=(
            Paragraph(
                (
                    Run(
                        "Both extra seats have been live since 20 November, so your dispatchers can sign in on Monday."
                    ),
                )
            ),
        ),
    ),
    "failed": lambda: card(
        "failed",
        meta="10:39",
        reference="R-7F3K",
        reason="The CRM did not answer within 30 seconds, so seats and invoice could not be read.",
        kept="Nothing was sent. Dana’s message and your notes are kept.",
    ),
    "waiting": lambda: waiting(MARA, "a lead", frozenset({"undo", "note"})),
    "to-release": lambda: waiting(SAM, "you", frozenset({"release", "undo", "note"})),
    "approved": lambda: card(
        "approved",
        meta="to Dana Ruiz, cc Priya Nair",
        seconds_left=7,
        undo_seconds=10,
        paragraphs=REPLY[:2],
    ),
    "sent": lambda: card(
        "sent",
        at=past(minutes=2),
        person=MARA,
        meta="HubSpot accepted it",
        paragraphs=REPLY[:2],
        promise="Promise opened: corrected invoice, you, by Friday",
        learnt=(LEARNT,),
    ),
    "refused": lambda: card(
        "refused",
        paragraphs=REPLY[:2],
        envelope=TO_DANA,
        sources=1,
        words=22,
        reason="HubSpot did not accept the reply: the address priya.nair@northlight.eu is unknown there. Your text is kept.",
    ),
    "unknown": lambda: card(
        "unknown",
        person=MARA,
        paragraphs=REPLY[:2],
        reason="The line broke while it was leaving. It may have arrived: find out, and say so here. It is sent "
        "again only if it did not.",
        delivery="5f2d0a6e-8c1b-4b0e-9a53-1d7f6e2b9c44",
    ),
    "escalated": lambda: card(
        "escalated",
        person=TOMAS,
        meta="Billing, since 10:44",
        said=Said(MARA, "Can we have the corrected invoice out by Friday? The credit is above my limit."),
    ),
    "answered_elsewhere": lambda: card(
        "answered_elsewhere",
        person=SAM,
        meta="in HubSpot, 10:43",
        said=Said(
            SAM,
            "Hi Dana, both seats are live. I have asked billing to correct 2291 and will confirm by Friday.",
        ),
    ),
    "discarded": lambda: card("discarded", meta="by you, 10:45", question="Called Dana instead."),
}


LEARNT = cards.Lesson(
    "Say “I am sorry about”, not “you are right about”", "Support North",
    "In use from the next draft on.", "/learning/lessons/2/", 2,
)  # fmt: skip


def why() -> cards.Why:
    return cards.Why(
        account="Halden",
        customer="Dana",
        hidden=1,
        seconds="6.2 s",
        sources=(
            Source(
                1,
                "Contract HF-031, CRM",
                "Term ends 13 March 2027 and renews. Plan changes: 30 days, in writing.",
                "3 min ago",
                "/accounts/1/",
            ),
            Source(
                2, "Note by Priya Nair", "Added two dispatcher seats during the call, active at once.", "4 days"
            ),
            Source(3, "Subscription, CRM", "Seats: 14 (12 until 20 Nov 2026, 15:12)", "3 min ago"),
            Source(4, "Invoice 2291, CRM", "14 seats × 38.00 EUR, 1 to 30 Nov 2026", "3 min ago"),
            Source(
                5, "Dana Ruiz, email", "We want Gothenburg on the same system before the spring peak.", "2 Oct"
            ),
        ),
        contradictions=(),
        promises=(Line("Seat forecast for 2027, Priya,", "promise", strong="due Monday"),),
        do_not_repeat=(Line("2027 price list, from Sam’s note. Not in the draft.", "lock"),),
        missing=("Amount of the credit. Billing has not booked it, so the draft names none.",),
        lessons=(LESSON,),
        held=LESSON,
        unused=(Line("Two notes on the 2024 contract, out of date", "clock"),),
        model=(
            cards.Pair("Model", "claude-sonnet-5-5"),
            cards.Pair("Prompt", "reply-1"),
            cards.Pair("Cost", "0.4 cents"),
        ),
    )


def clash() -> cards.Why:
    one = Source(3, "Subscription, CRM", "Seats: 14, since 20 Nov", "3 min ago")
    other = Source(6, "Note, Inés Duarte", "Only one seat could be switched on today.", "20 Nov, 11:05")
    return cards.Why(sources=(one, other), contradictions=(cards.Contradiction(one, other),))
