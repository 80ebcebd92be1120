"""Teams with tastes of their own: letters are drafted, edited to the taste and learnt from, round by round.

The wordings are mined, judged, chosen and applied by the product's own functions; only the rows are kept in
memory. `LETTERS` and `TASTES` are invented. Of all rounds a share carries a one-off edit beside the taste.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.house_letters import (
    Letter,
    Taste,
    a_letter,
    a_pair_of_tastes,
    some_tastes,
    to_taste,
    with_one_off,
)
from copilot import lessons, words
from copilot.judging import (
    ACTIVE,
    AGREE,
    LATEST_USES,
    LOOKED_BACK,
    RETIRED,
    WINDOW,
    Bar,
    Voice,
    agree_of,
    is_sure,
    length_of,
    near_of,
    verdict,
)
from copilot.learning.mine import Customer, Delta, deltas
from copilot.lessons import Rule


@dataclass
class Entry:
    """A lesson as the simulation keeps it: what the ledger keeps in rows."""

    id: int
    delta: Delta
    state: str = "proposed"
    voices: list[Voice] = field(default_factory=list)
    stems: list[set[str]] = field(default_factory=list)
    near: list[str] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)  # sentences, where it is about length
    tiers: tuple[str, ...] = ()
    uses: deque[int] = field(default_factory=lambda: deque(maxlen=LATEST_USES))
    since: int = 0

    def rule(self) -> Rule:
        agree = len({one.talk for one in self.voices if one.agrees})
        after = length_of(self.kept[-WINDOW:]) if self.kept else self.delta.after
        return Rule(self.id, self.delta.kind, self.delta.before, after, near=tuple(self.near),
                    tiers=self.tiers, proof=agree)  # fmt: skip


class Book:
    """One team's lessons. `scoped` false: tiers are ignored; `offered`: what other teams learnt."""

    def __init__(self, *, scoped: bool = True, bar: int = AGREE, offered: Iterable[Delta] = ()) -> None:
        self.entries: dict[Delta, Entry] = {}
        self.recent: deque[tuple[Letter, str, str, str, list[str]]] = deque(maxlen=LOOKED_BACK)
        self.scoped, self.bar, self.offered = scoped, bar, {_keyed(one) for one in offered}

    def draft(self, letter: Letter, tier: str) -> tuple[str, list[Rule]]:
        active = [one.rule() for one in self.entries.values() if one.state == "active"]
        chosen = lessons.most_specific(active, tier if self.scoped else "")
        made = lessons.shaped(letter.text, chosen, letter.name)
        return made.text, [one for one in chosen if one.id in made.used]

    def take_over(self, deltas: Iterable[Delta]) -> None:
        """Put to use what nobody here asked for."""
        for delta in map(_keyed, deltas):
            entry = self.entries.setdefault(delta, Entry(len(self.entries) + 1, delta, state=ACTIVE))
            entry.voices += [Voice(-1, agrees=True), Voice(-2, agrees=True)]

    def learn(
        self, talk: int, letter: Letter, drafted: str, used: Sequence[Rule], sent: str, tier: str
    ) -> None:
        """What the ledger does with one settled signal."""
        tier = tier if self.scoped else ""
        stems = words.content(words.body(drafted))
        added = [one.after for one in used if one.kind in lessons.ADDED]
        self.recent.append((letter, drafted, sent, tier, added))
        by_id = {one.id: one for one in self.entries.values()}
        for rule in used:
            by_id[rule.id].uses.append(talk)
        for delta in deltas(drafted, sent, Customer(letter.name, (letter.name,)), added):
            before = lessons.origin(delta.kind, delta.before, used)
            if before == delta.after or lessons.takes_back(delta.kind, delta.before, used):
                continue
            delta = replace(delta, before=before)
            entry = self.entries.setdefault(_keyed(delta), Entry(len(self.entries) + 1, delta))
            entry.voices.append(Voice(talk, agrees=True, tier=tier))
            entry.stems.append(stems)
            if delta.kind == "length":
                entry.kept.append(int(delta.after))
            self._judge(entry)
        for rule in used:
            if lessons.is_taken_out(rule, drafted, sent, letter.name):
                by_id[rule.id].voices.append(Voice(talk, agrees=False, tier=tier))
                self._judge(by_id[rule.id], talk)

    def _judge(self, entry: Entry, talk: int = 0) -> None:
        oldest = entry.uses[0] if len(entry.uses) == LATEST_USES else 0
        counted = [v for v in entry.voices[-WINDOW:] if v.talk > entry.since and (v.agrees or v.talk >= oldest)]
        found = verdict(entry.state, counted, self._bar(entry))
        if found.state == RETIRED != entry.state:
            entry.since = talk
        entry.state, entry.tiers = found.state, found.tiers

    def _bar(self, entry: Entry) -> Bar:
        kind = entry.delta.kind
        bar = agree_of(kind, offered=_keyed(entry.delta) in self.offered) if self.bar == AGREE else self.bar
        if kind in lessons.OF_A_TOPIC:
            said = [words.content(words.body(drafted)) for _, drafted, *_ in self.recent]
            entry.near = near_of(entry.stems[-WINDOW:], [one for one in said if one not in entry.stems])
        if entry.state == ACTIVE or len(entry.voices) < bar:
            return Bar(bar)
        rule, tiers = entry.rule(), {one.tier for one in entry.voices if one.agrees}
        heeded = (
            lessons.heeded(rule, drafted, sent, letter.name, added)
            for letter, drafted, sent, tier, added in self.recent
            if tier in tiers
        )
        return Bar(bar, sure=is_sure(heeded, kind))


def _keyed(delta: Delta) -> Delta:
    if delta.kind == "length":
        return replace(delta, after="")
    return replace(delta, before="") if delta.kind in lessons.SINGLE else delta


@dataclass
class Tally:
    """Sums over rounds: distance to what was sent without lessons, with them, and with the taste known."""

    plain: float = 0
    learnt: float = 0
    best: float = 0
    rounds: int = 0
    harmed: int = 0
    quiet: int = 0  # rounds without a one-off edit
    untouched: int = 0  # of those, sent as drafted
    edited: list[bool] = field(default_factory=list)  # by the taste alone, one-off edits aside
    by_round: list[tuple[float, float]] = field(default_factory=list)

    def add(self, base: str, learnt: str, best: str, sent: str, *, is_quiet: bool) -> None:
        far = [words.distance(one, sent) for one in (base, learnt, best)]
        self.plain, self.learnt, self.best = self.plain + far[0], self.learnt + far[1], self.best + far[2]
        self.rounds += 1
        self.harmed += far[1] > far[0]
        self.quiet += is_quiet
        self.untouched += is_quiet and learnt == sent
        self.edited.append(learnt != best)
        self.by_round.append((far[0], far[1]))

    @property
    def cut(self) -> float:
        return 1 - self.learnt / self.plain

    @property
    def of_best(self) -> float:
        """The share of the distance that knowing the taste from the start would have saved."""
        return (self.plain - self.learnt) / (self.plain - self.best)

    @property
    def harmful(self) -> float:
        return self.harmed / self.rounds


type Taster = Callable[[int, str], Sequence[Taste]]


def _always(tastes: Sequence[Taste]) -> Taster:
    return lambda talk, tier: tastes


def _by_wish(gold: Sequence[Taste], others: Sequence[Taste]) -> Taster:
    return lambda talk, tier: gold if tier == "gold" else others


def play(
    rng: random.Random, book: Book, taste: Taster, rounds: int, tally: Tally, *, noise: float,
    tiers: Sequence[str] = ("",), first: int = 1,
) -> Tally:  # fmt: skip
    """Rounds of one team; `taste` tells the preferences by round and tier."""
    for talk in range(first, first + rounds):
        letter, tier = a_letter(rng), rng.choice(tiers)
        learnt, used = book.draft(letter, tier)
        best = to_taste(letter, taste(talk, tier))
        quiet = rng.random() >= noise
        sent = best if quiet else with_one_off(rng, best, letter.text)
        tally.add(letter.text, learnt, best, sent, is_quiet=quiet)
        book.learn(talk, letter, learnt, used, sent, tier)
    return tally


def teams(
    seed: int, count: int, rounds: int, noise: float, *, bar: int = AGREE, arranged: bool = False
) -> Tally:
    """Each team with a taste that stays; with a `bar` of 1 every edit is believed at once."""
    tally = Tally()
    for number in range(count):
        rng = random.Random(f"{seed} {number}")
        tastes = some_tastes(rng, arranged=arranged)
        play(rng, Book(bar=bar), _always(tastes), rounds, tally, noise=noise)
    return tally


TURN = 100  # the round from which on a team that changes its taste has the new one


def turning(seed: int, count: int, noise: float) -> tuple[list[int], Tally]:
    """How many edited rounds each team needed after its change until it went ten without one that the taste
    asked for; and the twenty rounds before."""
    needed, before = [], Tally()
    for number in range(count):
        rng = random.Random(f"turn {seed} {number}")
        old, new = a_pair_of_tastes(rng)
        book = Book()
        play(rng, book, _always(old), TURN - 20, Tally(), noise=noise)
        play(rng, book, _always(old), 20, before, noise=noise, first=TURN - 19)
        after = play(rng, book, _always(new), 100, Tally(), noise=noise, first=TURN + 1)
        needed.append(sum(after.edited[: _settled(after.edited)]))
    return needed, before


def _settled(edited: Sequence[bool]) -> int:
    """The first round after which ten in a row needed no edit."""
    return next((at for at in range(len(edited) - 9) if not any(edited[at : at + 10])), len(edited))


def by_tier(seed: int, count: int, rounds: int, noise: float, *, scoped: bool) -> Tally:
    """Half of a team's customers are written to in another taste than the others."""
    tally = Tally()
    for number in range(count):
        rng = random.Random(f"tier {seed} {number}")
        gold, others = a_pair_of_tastes(rng)
        book = Book(scoped=scoped)
        play(rng, book, _by_wish(gold, others), rounds, tally,
             noise=noise, tiers=("gold", "basic"))  # fmt: skip
    return tally


def newcomer(seed: int, count: int, rounds: int, shared: float, way: str, noise: float) -> Tally:
    """A new team beside three that share so much of its taste; `way`: cold, offered or unasked."""
    tally = Tally()
    for number in range(count):
        rng = random.Random(f"new {seed} {number} {shared}")
        own = some_tastes(rng)
        known = [learnt for other in _like(rng, own, shared) for learnt in other]
        book = Book(offered=known if way == "offered" else ())
        if way == "unasked":
            book.take_over(known)
        play(random.Random(f"{seed} {number}"), book, _always(own), rounds, tally, noise=noise)
    return tally


def _like(rng: random.Random, own: Sequence[Taste], shared: float) -> Iterable[list[Delta]]:
    """What three teams with a like taste have learnt after a hundred rounds each."""
    for _ in range(3):
        mine = [one for one in own if rng.random() < shared]
        places = {(one.kind, one.before) for one in own}
        others = [one for one in some_tastes(rng) if (one.kind, one.before) not in places or not shared]
        tastes = mine + [one for one in others if one not in own][: len(own) - len(mine)]
        book = Book()
        play(rng, book, _always(tastes), 100, Tally(), noise=0)
        yield [one.delta for one in book.entries.values() if one.state == ACTIVE]
