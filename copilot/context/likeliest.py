"""Which past replies answered the likest situation: after the same answer of ours, with a like record at hand.

They were found by their words; among those, a cue that few share says more than one that all have.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import log
from statistics import fmean

from copilot.context.situation import Situation, cues_of
from copilot.context.value import Example

# What sharing a cue of a kind says; what was typed is left out, for nobody has typed yet.
WEIGHTS = {"asked": 0.3, "after": 1.0, "record": 2.0, "state": 0.4, "value": 0.7}


def likeliest(found: Sequence[Example], here: Situation) -> list[Example]:
    """The likest first; the score is how near they are by their words times the share of the cues they have.

    One that an earlier version kept without cues counts as the others do on average.
    """
    cues = {cue for cue in cues_of(here) if _kind(cue) in WEIGHTS}
    times = Counter(cue for one in found for cue in cues & one.cues)
    worths = {cue: WEIGHTS[_kind(cue)] * log(1 + len(found) / n) for cue, n in times.items()}
    shares = [sum(worths[cue] for cue in cues & one.cues) for one in found]
    usual = fmean([share for share, one in zip(shares, found, strict=True) if one.cues] or [1.0])
    scored = [
        replace(one, score=one.score * (share if one.cues else usual))
        for share, one in zip(shares, found, strict=True)
    ]
    return sorted(scored, key=lambda one: -one.score)


def _kind(cue: str) -> str:
    return cue[: cue.index(" ")]
