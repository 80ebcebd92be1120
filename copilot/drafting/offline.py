"""The offline engine: no language model, only what the team has said, saved and written down.

It answers with the team's usual reply, a saved reply or an article, adds what the customer's own
records say about what was asked, and abstains where it has nothing near.
"""

import re
from collections.abc import Iterable

from copilot.context.value import Context, Item
from copilot.drafting.checks.tongue import language_of
from copilot.drafting.engine import Mark, Reply, Say
from copilot.gaps import WORDS, gaps, slot_of
from copilot.lessons import shaped
from copilot.slots import details
from copilot.words import content, sentences

PROMPT_VERSION = "offline-1"
MOST_RECORDS = 2
NOTE_WORDS = 3  # content words that a note shares with the question it answers
GAP_WORDS = 2  # and a sentence with the one that has a gap
_GREETINGS = {
    "de": "Guten Tag {name},", "fr": "Bonjour {name},", "es": "Hola {name}:",
    "nl": "Beste {name},", "sv": "Hej {name},", "it": "Buongiorno {name},",
}  # fmt: skip
_CLOSINGS = {
    "de": "Viele Grüße", "fr": "Bien cordialement", "es": "Un saludo", "nl": "Met vriendelijke groet",
    "sv": "Vänliga hälsningar", "it": "Cordiali saluti",
}  # fmt: skip
_ON_RECORD = {
    "de": "Bei uns ist vermerkt:", "fr": "Voici ce qui figure dans nos dossiers :",
    "es": "Esto consta en nuestros registros:", "nl": "Dit staat bij ons genoteerd:",
    "sv": "Så här står det hos oss:", "it": "Questo risulta da noi:",
}  # fmt: skip


class Offline:
    name = "offline"

    def write(self, context: Context, say: Say) -> Reply:
        core, marks, missing = _core(context)
        records = _left_to_tell(_records_asked_about(context), core, marks, context)
        if context.way:
            core, marks, records = _otherwise(context, core, marks, records)
        if not core and not records:
            return _abstain(context)
        text, marks = _letter(context, core, marks, records, _to_say(context))
        letter = shaped(text, context.lessons, context.customer_first_name)
        places = ((letter.place(mark.at), mark.item_id) for mark in marks)
        say(letter.text)
        return Reply(
            text=letter.text,
            marks=tuple(Mark(at, item_id) for at, item_id in places if at is not None),
            missing=tuple(missing),
            lessons=letter.used,
            model="none",
            prompt_version=PROMPT_VERSION,
        )


def _otherwise(
    context: Context, core: str, marks: list[Mark], records: list[Item]
) -> tuple[str, list[Mark], list[Item]]:
    """What can be done without a model: the next nearest wording, or only the sentences nearest to what was
    asked; nothing where that would be no other letter."""
    if context.way == "another":
        other, placed, _ = _core(context, skip=1)
        return (other, placed, records) if other and other != core else ("", [], [])
    said = _sentences(core)
    asked = content(context.question)
    near = max(said, key=lambda one: len(asked & content(one)), default="")
    if context.way != "shorter" or (len(said) < 2 and not records):
        return "", [], []
    return near, [Mark(len(near), mark.item_id) for mark in marks[-1:]], []


def _core(context: Context, skip: int = 0) -> tuple[str, list[Mark], list[str]]:
    """The main part of the answer, its marks relative to its start, and what it leaves open."""
    for kind in _KINDS:
        for item in context.items:
            if item.kind == kind and _serves(item, context):
                if skip:
                    skip -= 1
                    continue
                text, marks = _completed(_wording(item, context), item, context)
                missing = [
                    f"The usual reply names {_LEFT_OUT.get(one, one)} here. Look it up." for one in item.gaps
                ]
                return text, marks, missing
    return "", [], []


_KINDS = ("answer", "past_reply", "saved_reply", "article", "note")
_LEFT_OUT = {**WORDS, "name": "a person"}


def _serves(item: Item, context: Context) -> bool:
    """An answer to the whole question, the usual reply, or what is about the question; no internal note."""
    if item.kind == "answer":
        return not item.fills
    if item.kind == "note":
        asked = content(f"{context.subject} {context.question}")
        return not item.internal and len(asked & content(item.text)) >= NOTE_WORDS
    return item.kind == "past_reply" or _is_about(item, context)


def _wording(item: Item, context: Context) -> str:
    if item.kind == "article":
        return _extract(item, context)
    if item.kind == "note":
        said = (item.text[start:end] for start, end in sentences(item.text))
        return " ".join(one for one in said if not one.endswith("?")) or item.text
    return _filled(item, context)


def _completed(text: str, item: Item, context: Context) -> tuple[str, list[Mark]]:
    """Gaps filled by what a colleague answered, or by the one such detail in what is known about it."""
    filled: list[tuple[str, Item]] = []
    for words in gaps(text):
        filling = _filling(words, text, context)
        if filling:
            filled.append(filling)
            text = text.replace(f"[{words}]", filling[0])
    marks = [Mark(text.index(value) + len(value), source.id) for value, source in filled]
    return text, [*marks, Mark(len(text), item.id)]


def _filling(words: str, text: str, context: Context) -> tuple[str, Item] | None:
    around = content(" ".join(one for one in _sentences(text) if f"[{words}]" in one))
    for item in context.items:
        if item.kind == "answer" and item.fills == words:
            return item.text.strip().rstrip("."), item
        about = item.kind == "note" or (item.kind == "article" and _is_about(item, context))
        if about and not item.internal:
            values = _details_near(around, item, slot_of(words))
            if len(values) == 1:
                return values.pop(), item
    return None


def _details_near(around: set[str], item: Item, slot: str) -> set[str]:
    """The details of this kind where the item speaks of the same: an article sentence by sentence under its
    title, a note as a whole."""
    said = _sentences(item.text) if item.kind == "article" else [item.text]
    title = item.title if item.kind == "article" else ""
    near = [one for one in said if len(around & content(f"{title} {one}")) >= GAP_WORDS]
    return {one[start:end] for one in near for kind, start, end in details(one) if kind == slot}


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def _is_about(item: Item, context: Context) -> bool:
    """At least two of the question's content words, one of them in the title."""
    asked = content(f"{context.subject} {context.question}")
    return len(asked & content(f"{item.title} {item.text}")) >= 2 and bool(asked & content(item.title))


def _filled(item: Item, context: Context) -> str:
    name = context.customer_first_name or "there"
    return re.sub(r"\{\{?\s*(first_)?name\s*\}?\}", name, item.text).strip()


def _extract(item: Item, context: Context) -> str:
    """The three sentences of an article that share most with the question, in their own order."""
    asked = content(f"{context.subject} {context.question}")
    text = re.sub(r"^#+ .*$|[*_`]", "", item.text, flags=re.M).strip()
    spans = [text[start:end] for start, end in sentences(text) if end - start > 25]
    best = sorted(spans, key=lambda said: len(asked & content(said)), reverse=True)[:3]
    return " ".join(said.lstrip("- ") for said in spans if said in best)


def _records_asked_about(context: Context) -> list[Item]:
    """Records the customer names by number, else by what they are, with a field that was asked."""
    asked = context.question
    records = [item for item in context.items if item.kind == "record"]
    if named := _named(records, context):
        return named[:MOST_RECORDS]
    words = content(asked)
    scored = [(len(words & content(f"{r.title} {r.text}")), r) for r in records]
    return [record for score, record in sorted(scored, key=lambda s: -s[0]) if score >= 2][:1]


def _left_to_tell(records: list[Item], core: str, marks: list[Mark], context: Context) -> list[Item]:
    """None where colleagues who had a record at hand said the core and no more; where the core asks back, those
    that the customer named."""
    said_whole = {item.id for item in context.items if item.with_record}
    if marks and marks[-1].item_id in said_whole:
        return []
    return _named(records, context) if core.endswith("?") else records


def _named(records: Iterable[Item], context: Context) -> list[Item]:
    numbers = _numbers(context.question)
    return [record for record in records if numbers & _numbers(f"{record.title} {record.text}")]


def _numbers(text: str) -> set[str]:
    """Numbers that may name a record; a bare year names none."""
    found = set(re.findall(r"\b[\w-]*\d{3,}\b", text))
    return {number for number in found if not re.fullmatch(r"(19|20)\d\d", number)}


def _to_say(context: Context) -> tuple[str, str]:
    """What the account's manager wrote to be said, in the customer's language and not said here yet, and the
    goal that it serves; a goal without such words is for people to serve."""
    said = "\n".join(turn.text for turn in context.turns if turn.by == "colleague")
    for item in context.items if context.way != "shorter" else ():
        for words in item.words:
            if words not in said and (language_of(words) or "en") == context.language[:2]:
                return words, item.id
    return "", ""


def _letter(
    context: Context, core: str, marks: list[Mark], records: Iterable[Item], to_say: tuple[str, str]
) -> tuple[str, list[Mark]]:
    parts: list[str] = []
    placed: list[Mark] = []
    by_mail = context.channel == "email"
    name = context.customer_first_name
    if by_mail:
        parts.append(_GREETINGS.get(context.language, "Hi {name},").format(name=name or "there"))
    if core:
        start = _length(parts)
        placed += [Mark(start + mark.at, mark.item_id) for mark in marks]
        parts.append(core)
    for number, record in enumerate(records):
        head = _ON_RECORD.get(context.language, "On record here:") + " " if number == 0 else ""
        parts.append(f"{head}{record.text}.")
        placed.append(Mark(_length(parts) - 2, record.id))
    words, goal = to_say
    if words:
        placed += [Mark(_length(parts) + end, goal) for _, end in sentences(words)]
        parts.append(words)
    if by_mail:
        parts.append(f"{_CLOSINGS.get(context.language, 'Kind regards')},\n{context.closing}")
    return "\n\n".join(parts), placed


def _length(parts: list[str]) -> int:
    """Where the next part starts, once the parts are joined by empty lines."""
    return sum(len(part) + 2 for part in parts)


def _abstain(context: Context) -> Reply:
    missing = (
        f"Nothing near this question in {context.team}'s past replies, saved replies or articles.",
        "A sentence from you is enough for a draft.",
    )
    return Reply(
        text="",
        abstained=True,
        missing=missing,
        model="none",
        prompt_version=PROMPT_VERSION,
    )
