"""The house's wording on the real dialogues, as the product offers it: predict, then learn what was sent."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from copilot.context.refill import fields_of
from copilot.context.situation import Pair, Situation, pair_of, worth
from copilot.learning.sense import Sense, outcome

CUES = 20  # the most telling ones of a situation, by which neighbours are found
READ = 500  # of the latest pairs that have one of them
NEIGHBOURS = 80


@dataclass
class Shelf:
    """All earlier pairs of all teams, by their cues."""

    pairs: list[Pair] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    times: Counter[str] = field(default_factory=Counter)

    def near(self, cues: Iterable[str]) -> list[tuple[float, Pair]]:
        """With the share of what the cues are worth that each has."""
        of = len(self.pairs) + 1
        known = ((cue, self.places[cue]) for cue in cues if cue in self.places)
        telling = sorted(((worth(cue, len(places), of), places) for cue, places in known), reverse=True,
                         key=lambda one: one[0])[:CUES]  # fmt: skip
        shared: dict[int, float] = defaultdict(float)
        for value, places in telling:
            for place in places[-READ:]:
                shared[place] += value
        total = sum(value for value, _ in telling)
        best = sorted(shared.items(), key=lambda one: -one[1])[:NEIGHBOURS]
        return [(value / total, self.pairs[place]) for place, value in best]

    def keep(self, pair: Pair) -> None:
        for cue in pair.cues:
            self.places[cue].append(len(self.pairs))
        self.pairs.append(pair)
        self.times[pair.wording] += 1


@dataclass
class House:
    shelf: Shelf = field(default_factory=Shelf)
    sense: Sense = field(default_factory=Sense)
    seconds: float = 0.0  # of CPU, for finding, choosing and judging
    decisions: int = 0

    def offer(self, one: Situation, sent: str) -> tuple[str, str]:
        """What the gate lets through and what stands first without it; then what was sent is learnt."""
        began = time.process_time()
        here = pair_of(one, sent)
        weighed = self.sense.weigh(one, self.shelf.near(here.cues), self.shelf.times)
        self.seconds, self.decisions = self.seconds + time.process_time() - began, self.decisions + 1
        first = weighed.choice.candidates[0].text if weighed.choice.candidates else one.typed
        self.sense.learn(one.team, outcome(weighed.asked, one.typed, sent))
        self.shelf.keep(here)
        return (first if weighed.offered else one.typed), first


def situation_of(team: str, person: str, typed: str, turns: list[dict[str, Any]], known: str) -> Situation:
    """From the turns before; a knowledge item is a record."""
    items = [turn.get("item") or {} for turn in reversed(turns) if turn["by"] == "knowledge"]
    records = [{name: value for name, value in item.items() if name != "APIName"} for item in items]
    spoken = [turn for turn in turns if turn["by"] != "knowledge"]
    last = spoken[-1] if spoken else {}
    ours = [at for at, turn in enumerate(turns) if turn["by"] == "agent"]
    looked_up = [at for at, turn in enumerate(turns) if turn["by"] == "knowledge"]
    return Situation(
        typed=typed,
        asked=last["text"] if last.get("by") == "customer" else "",
        told=tuple(turns[at]["text"] for at in reversed(ours)),
        known=known,
        fields=tuple(fields_of(records)),
        record=tuple(fields_of([{"kind": items[0].get("APIName", ""), **records[0]}])) if items else None,
        fresh=bool(looked_up) and looked_up[-1] > (ours[-1] if ours else -1),
        team=team,
        person=person,
    )
