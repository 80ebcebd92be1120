"""Invented letters and tastes: what a team sends in place of a draft, told without the product's own code."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from copilot import words

NAMES = ("Mara", "Peter", "Lone", "Nils", "Aisha", "Jonas", "Klara", "Owen", "Sigrid", "Ravi", "Elif", "Tom")
TOPICS: tuple[tuple[str, ...], ...] = (
    ("The bill for your subscription is in the customer portal.", "It covers the seats that were in use.",
     "A corrected bill follows when a seat was counted twice."),
    ("The parcel left our warehouse yesterday.", "The carrier needs about two working days.",
     "The customer portal shows where the parcel is."),
    ("We checked the refund that you asked about.", "The bank books it within a week.",
     "Please get in touch when it has not arrived by then."),
    ("Changing the delivery address is possible until the parcel is packed.",
     "Open your orders and choose the pencil."),
    ("The export runs every night and keeps the last month.", "You can start it by hand under settings.",
     "Please get in touch when a column is missing."),
    ("A new colleague gets a seat as soon as you invite them.",
     "The bill grows by that seat from the same day."),
    ("The password link is valid for one hour.", "Ask for another one on the sign-in page."),
    ("The appointment with the technician can be moved.", "Choose another morning in the customer portal."),
)  # fmt: skip
ENDINGS = ("Please do not hesitate to ask.", "We hope this helps.", "")
SWAPS = (("bill", "invoice"), ("customer portal", "self-service page"), ("get in touch", "write to us"),
         ("parcel", "delivery"), ("refund", "repayment"), ("colleague", "teammate"),
         ("appointment", "visit"))  # fmt: skip
GREETINGS = ("Good day {name}", "Dear {name}", "Hello {name}", "Welcome back {name}")
CLOSINGS = ("Best wishes", "With thanks", "Warm regards", "Yours sincerely")
OPENINGS = ("Thank you for your patience.", "Thanks for reaching out.")
DROPPED = ("We hope this helps.", "Please do not hesitate to ask.")
ADDED = ("A reply to this message reaches the same colleague.", "The steps are in our help pages as well.")
# A word of the sentence that one topic's letters begin with, and the topic.
BEGUN_WITH = (("corrected", 0), ("carrier", 1), ("bank", 2), ("pencil", 3), ("settings", 4))
STRAY = ("honestly", "right away", "as discussed", "by the way", "for now", "kindly", "again", "in short")
SCENES = (
    ("The office", "Our lift", "The front door", "The hotline", "Our chat", "The shop",
     "A colleague", "The van"),
    ("is closed", "rests", "is being painted", "is out", "is late", "waits", "is at lunch", "is on holiday"),
    ("over lunch", "until the bell", "because of the snow", "for a while", "since the morning", "as it rains",
     "with the others", "at the harbour"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taste:
    """One preference of a team; `topic` None: in every letter."""

    kind: str
    before: str
    after: str
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    name: str
    topic: int
    text: str


def a_letter(rng: random.Random) -> Letter:
    name, topic = rng.choice(NAMES), rng.randrange(len(TOPICS))
    said = [one for one in (*TOPICS[topic], rng.choice(ENDINGS)) if one]
    return Letter(name, topic, f"Hi {name},\n\n{' '.join(said)}\n\nKind regards,\nIda Vik")


def some_tastes(rng: random.Random, *, arranged: bool = False) -> list[Taste]:
    """Four to six, no two about the same place; `arranged`: of order and length, too."""
    pool = [Taste("replace", *swap) for swap in rng.sample(SWAPS, 4)]
    pool.append(Taste("greeting", "Hi {name}", rng.choice(GREETINGS)))
    pool.append(Taste("closing", "Kind regards", rng.choice(CLOSINGS)))
    pool.append(Taste("opening", "", rng.choice(OPENINGS)))
    pool.append(Taste("delete", rng.choice(DROPPED), ""))
    pool.append(Taste("insert", "", rng.choice(ADDED), rng.randrange(len(TOPICS))))
    if arranged:
        word, topic = rng.choice(BEGUN_WITH)
        pool.append(rng.choice((Taste("order", word, "first", topic), Taste("length", "", "2"))))
    return rng.sample(pool, rng.randint(4, 6))


_BY_KIND = ("replace", "delete", "order", "length", "insert", "opening", "greeting", "closing")


def to_taste(letter: Letter, tastes: Iterable[Taste]) -> str:
    """What the team would send: written without any of the product's functions."""
    head, body, foot = letter.text.split("\n\n")
    for one in sorted(
        tastes,
        key=lambda one: _BY_KIND.index(one.kind),
    ):
        if one.topic not in (None, letter.topic):
            continue
        match one.kind:
            case "greeting":
                head = one.after.replace("{name}", letter.name) + ","
            case "closing":
                foot = foot.replace("Kind regards", one.after)
            case _:
                body = _to_one(body, one)
    return "\n\n".join((head, body, foot))


def _to_one(body: str, one: Taste) -> str:
    said = body.replace(". ", ".\n").split("\n")
    match one.kind:
        case "opening":
            return f"{one.after} {body}"
        case "insert":
            return f"{body} {one.after}"
        case "delete":
            return body.replace(one.before, "").strip()
        case "order":
            return " ".join(sorted(said, key=lambda each: one.before not in each))
        case "length":
            return " ".join(said[: int(one.after)])
    return body.replace(one.before, one.after).replace(one.before.capitalize(), one.after.capitalize())


def with_one_off(rng: random.Random, text: str, own: str) -> str:
    """An edit that says nothing about taste: a stray word, a sentence of the day, or one of the draft's `own`
    sentences left out."""
    head, body, foot = text.split("\n\n")
    said = [body[a:b] for a, b in words.sentences(body)]
    spare = [one for one in said if one in own]
    way = rng.randrange(3)
    if way == 0:
        at = rng.randrange(len(said))
        tokens = said[at].split(" ")
        tokens.insert(rng.randrange(1, len(tokens)), rng.choice(STRAY))
        said[at] = " ".join(tokens)
    elif way == 1 or not spare:
        said.append(" ".join(rng.choice(part) for part in SCENES) + ".")
    else:
        said.remove(rng.choice(spare))
    return "\n\n".join((head, " ".join(said), foot))


def a_pair_of_tastes(rng: random.Random) -> tuple[list[Taste], list[Taste]]:
    """Two tastes about the same places; the words stand in most letters."""
    greetings, closings = rng.sample(GREETINGS, 2), rng.sample(CLOSINGS, 2)
    pairs = [
        (Taste("greeting", "Hi {name}", greetings[0]), Taste("greeting", "Hi {name}", greetings[1])),
        (Taste("closing", "Kind regards", closings[0]), Taste("closing", "Kind regards", closings[1])),
        (Taste("opening", "", OPENINGS[0]), Taste("opening", "", OPENINGS[1])),
        (Taste("replace", "customer portal", "self-service page"),
         Taste("replace", "customer portal", "member area")),
        (Taste("replace", "get in touch", "write to us"), Taste("replace", "get in touch", "send us a line")),
    ]  # fmt: skip
    return [one for one, _ in pairs], [other for _, other in pairs]
