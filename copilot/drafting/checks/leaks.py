"""What must not leave the house: internal notes, other customers, our own instructions."""

import re

from copilot.drafting.checks.known import RUN, Known, runs_of, stems_of, words_of
from copilot.drafting.checks.names import parts, telling
from copilot.drafting.prompt import ASK, SYSTEM

LONG_RUN = 8
_ABOUT_US = re.compile(
    r"\b(?:system prompt|my (?:system )?(?:instructions|prompt|rules)|(?:I was|I am|I['’]m) (?:told"
    r"|instructed) (?:not )?to"
    r"|as an? (?:AI|language model)|team_knowledge|about_the_customer|<?/?wishes>|meine (?:System)?anweisungen"
    r"|mes instructions|prompt système)\b",
    re.I,
)


_PROMPT = runs_of(words_of(f"{SYSTEM}\n{ASK}"), LONG_RUN)


def repeats_prompt(text: str) -> bool:
    """Eight words in a row of our own instructions."""
    return bool(runs_of(words_of(text), LONG_RUN) & _PROMPT)


def speaks_of_prompt(said: str) -> bool:
    return bool(_ABOUT_US.search(said))


def leaks_note(said: str, known: Known) -> bool:
    """An internal note's words in a row, or much of what only such a note says."""
    words = words_of(said)
    runs, stems = runs_of(words, RUN), stems_of(set(words))
    return any(runs & note.runs or _is_much(stems, note.stems, note.names & set(words)) for note in known.notes)


def _is_much(said: set[str], only: set[str], proper: set[str]) -> bool:
    shared = said & only
    return len(shared) >= 3 or (len(shared) >= 2 and (bool(proper) or len(shared) * 2 >= len(said)))


def names_other_customer(said: str, names: list[str], known: Known) -> bool:
    """A name that only another customer's letters use."""
    candidates = {part for name in names for part in parts(name)} | telling(said, known.context.language)
    return bool((candidates & known.others_names) - known.public.words)


def names_insider(names: list[str], known: Known) -> bool:
    """A name that stands in internal notes and nowhere else."""
    found = {part for name in names for part in parts(name)}
    return bool((found & known.internal.words) - known.public.words)
