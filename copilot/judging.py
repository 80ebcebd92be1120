"""Where its evidence has a lesson: pure, so that the ledger's rows and the benchmark's simulation judge alike.

Conversations speak, by their customer's tier. Two that agree put a lesson to use; two that contradict take a
tier out of it, and where the lesson came from other tiers one is enough. When no tier is left it is retired.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import sqrt

AGREE = 2
AGREE_ON_LENGTH = 3  # two letters are short for many reasons
HABIT = 3  # earlier replies that did otherwise with a whole sentence
AGREE_AGAINST_HABIT, CUT_AGAINST_HABIT = 3, 5
CONTRADICT = 2
WINDOW = 20  # the latest evidence that counts
LATEST_USES = 8  # contradictions older than these were outlived by the uses that were kept
FEWEST_SHARED = 3  # stems by which a reply is told to be of the kind that a sentence belongs to
COMMON = 0.5  # of the team's replies; a stem in more of them tells no kind apart

LOOKED_BACK = 40  # of the team's settled replies, for those that a lesson speaks of
SURE = 0.35  # the lower bound of the share of them that heeded it: two of three pass, two of four do not
SURE_OF_SENTENCE = 0.5  # of a whole sentence that came, went or was moved: two of two, three of four
ONE_SIGMA = 1.0

SENTENCES = ("opening", "insert", "delete", "order", "length")
PROPOSED, ACTIVE, RETIRED = "proposed", "active", "retired"


@dataclass(frozen=True, slots=True)
class Voice:
    """What one conversation says of a lesson."""

    talk: int
    agrees: bool
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """`sure`: as in is_sure. `waits`: a lead has to say yes. `decided`, `stays`: a person put it to use, or
    retired it."""

    agree: int = AGREE
    sure: bool = True
    waits: bool = False
    decided: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`tiers` empty: it holds for customers of every tier."""

    state: str
    tiers: tuple[str, ...] = ()
    why: str = ""


def verdict(state: str, voices: Iterable[Voice], bar: Bar = Bar()) -> Verdict:
    """Of the latest voices only; after a retirement, of those since then."""
    agree, against = _by_tier(voices)
    out = {tier for tier in against if _is_out(tier, agree, against)}
    held = tuple(sorted(set(agree) - out)) if out else ()
    yes, no = _talks(agree, out), sum(map(len, against.values()))
    if state != RETIRED and no >= CONTRADICT and out and not held:
        return Verdict(RETIRED, (), f"{no} conversations contradict it")
    if state == ACTIVE and not bar.decided and not bar.waits and yes < min(bar.agree, AGREE):
        return Verdict(PROPOSED, held, "too few edits agree by now")
    free = bar.sure and not bar.waits and not bar.stays
    if state != ACTIVE and yes >= bar.agree and free:
        return Verdict(ACTIVE, held, f"edits in {yes} conversation{'s' if yes > 1 else ''} agree")
    return Verdict(state, held, f"it does not fit {_named(out)} customers" if held else "")


def _by_tier(voices: Iterable[Voice]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    agree: dict[str, set[int]] = defaultdict(set)
    against: dict[str, set[int]] = defaultdict(set)
    for one in voices:
        (agree if one.agrees else against)[one.tier].add(one.talk)
    return agree, against


def _is_out(tier: str, agree: dict[str, set[int]], against: dict[str, set[int]]) -> bool:
    elsewhere = sum(len(talks) for other, talks in agree.items() if other != tier)
    stranger = tier not in agree and elsewhere >= AGREE
    return len(against[tier]) >= (1 if stranger else CONTRADICT)


def _talks(agree: dict[str, set[int]], out: AbstractSet[str]) -> int:
    return len(set().union(*(talks for tier, talks in agree.items() if tier not in out)))


def _named(tiers: Iterable[str]) -> str:
    return " and ".join(tier or "other" for tier in sorted(tiers))


def is_sure(heeded: Iterable[bool | None], kind: str = "") -> bool:
    """Whether people wrote so nearly always since the first of them did (Wilson's lower bound).

    Edits of one occasion that are alike by chance have replies between them that went the other way. `heeded`
    is of those replies, the oldest first; None where the lesson says nothing about one.
    """
    said = [one for one in heeded if one is not None]
    first = said.index(True) if True in said else len(said)
    since = said[first:]
    against = CUT_AGAINST_HABIT if kind == "length" else AGREE_AGAINST_HABIT
    if kind in SENTENCES and first >= HABIT and sum(since) < against:
        return False
    return lower_bound(sum(since), len(since)) >= (SURE_OF_SENTENCE if kind in SENTENCES else SURE)


def lower_bound(hits: int, of: int, z: float = ONE_SIGMA) -> float:
    """Wilson's; 0 of nothing."""
    if not of:
        return 0.0
    share = hits / of
    spread = z * sqrt(share * (1 - share) / of + (z / of) ** 2 / 4)
    return (share + z * z / of / 2 - spread) / (1 + z * z / of)


def agree_of(kind: str, *, offered: bool = False) -> int:
    """How many conversations put a lesson to use: one where another team offered it."""
    if offered:
        return 1
    return AGREE_ON_LENGTH if kind == "length" else AGREE


def length_of(kept: Sequence[int]) -> str:
    """To how many sentences letters are cut: to as many as the longest of those that agree was."""
    return str(max(kept))


def near_of(shared: Sequence[AbstractSet[str]], others: Sequence[AbstractSet[str]]) -> list[str]:
    """The stems that tell the replies to which a sentence was added from the team's other replies.

    Empty where they have too little of their own in common: the sentence then belongs anywhere or nowhere.
    """
    if not shared:
        return []
    own = set.intersection(*map(set, shared))
    counts = {stem: sum(stem in one for one in others) for stem in own}
    telling = {stem for stem in own if counts[stem] <= COMMON * len(others)}
    return sorted(telling) if len(telling) >= FEWEST_SHARED else []
