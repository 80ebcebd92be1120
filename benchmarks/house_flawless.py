"""What waiting for two edits allows at most: teams whose every taste is known once two letters asked for it."""

import random
from collections import Counter

from benchmarks.house_letters import Taste, a_letter, some_tastes, to_taste, with_one_off
from benchmarks.house_style import Tally
from copilot.judging import AGREE


def flawless(seed: int, count: int, rounds: int, noise: float) -> Tally:
    """The same teams and letters as `house_style.teams`."""
    tally = Tally()
    for number in range(count):
        rng = random.Random(f"{seed} {number}")
        tastes, asked = some_tastes(rng), Counter[Taste]()
        for _ in range(rounds):
            letter = a_letter(rng)
            rng.choice(("",))  # the tier, so that the letters are the same
            learnt = to_taste(letter, [one for one in tastes if asked[one] >= AGREE])
            best, quiet = to_taste(letter, tastes), rng.random() >= noise
            sent = best if quiet else with_one_off(rng, best, letter.text)
            tally.add(letter.text, learnt, best, sent, is_quiet=quiet)
            asked.update(one for one in tastes if to_taste(letter, [one]) != letter.text)
    return tally
