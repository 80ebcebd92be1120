"""The house's wording on invented pairs: it comes with the details at hand, and never with another's."""

import random

from benchmarks.house_wording import House
from copilot.context.refill import foreign
from copilot.context.situation import Situation
from copilot.words import distance

HOUSE = (  # what is typed, the question before it, and what is sent
    ("name?", "I want to book a room", "May I have your name, please?"),
    ("refund sent", "Where is my money?", "The refund for order {number} is on its way."),
    ("when", "I want a table", "For what time should the reservation be made?"),
    ("anything else", "Great, thanks", "Is there anything else that I can do for you?"),
    ("parcel left", "Where is my parcel?", "Your parcel {number} has left our house today."),
)
OWN = ("Lovely dog, by the way!", "We close early because of the snow.", "Say hello to your sister.")


def test_it_is_learnt_refilled_and_kept_back_where_somebody_means_their_own_words() -> None:
    rng, house, far, harmed = random.Random(7), House(), [0.0, 0.0], 0
    for turn in range(260):
        number = f"UA-{rng.randrange(10**5):05}"
        typed, asked, wording = rng.choice(HOUSE)
        sent = wording.format(number=number)
        if rng.random() < 0.2:
            typed = sent = rng.choice(OWN) + rng.choice(("", " Really.", " So it is."))
        record = (("number", number),)
        one = Situation(
            typed, asked, known=f"{asked} {number}", fields=record, record=record, fresh=True,
            team=rng.choice("ab"), person=rng.choice("xyz"),
        )  # fmt: skip
        offered, _ = house.offer(one, sent)
        assert not foreign(offered, typed, one.known)
        if turn >= 130:
            far = [far[0] + distance(typed, sent), far[1] + distance(offered, sent)]
            harmed += distance(offered, sent) > distance(typed, sent)
    assert far[1] < 0.2 * far[0] and harmed <= 4
