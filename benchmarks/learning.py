"""What edits teach, measured: real dialogues replayed in time order, invented teams whose tastes are known,
planted details that must not leak, and the time that learning and choosing take on real rows.

Distance, harm and leaks stand together, beside plain methods in the same run. A reply is harmed where the
learnt draft is further from what was sent than the draft without lessons.
"""

import csv
import random
import sys
from statistics import median

from benchmarks import house_letters, house_together, learning_rows, learning_star
from benchmarks import house_style as style
from benchmarks.house import OUT, figure, house, quantile
from benchmarks.house_flawless import flawless
from benchmarks.house_style import Tally
from copilot import words
from copilot.judging import ACTIVE

SEED = 20261122
TEAMS, ROUNDS = 20, 200
NOISE = 0.2
PLANTED = 1000


def main() -> int:
    OUT.mkdir(exist_ok=True)
    fine = [_simulate(), _turn(), _tiers(), _newcomers(), _together(), _leaks()]
    fine.append(learning_star.main())
    with house():
        fine.append(learning_rows.main())
    return 0 if all(fine) else 1


def judged(name: str, value: float, wanted: float, *, most: bool = False) -> bool:
    """Print a figure beside its limit, and whether it is kept."""
    kept = value <= wanted if most else value >= wanted
    figure(name, value, "", f"{'at most' if most else 'at least'} {wanted}: {'well' if kept else 'MISSED'}")
    return kept


def told(name: str, tally: Tally) -> None:
    print(
        f"  {name:<38} distance {tally.plain / tally.rounds:.3f} -> {tally.learnt / tally.rounds:.3f}"
        f" (best {tally.best / tally.rounds:.3f})  sent untouched {tally.untouched / tally.quiet:.3f}"
        f"  harmed {tally.harmful:.4f}"
    )


def _simulate() -> bool:
    print(f"\n{TEAMS} teams with four to six tastes, {ROUNDS} rounds, one-off edits in a fifth (seed {SEED}):")
    ours = style.teams(SEED, TEAMS, ROUNDS, NOISE)
    told("lessons", ours)
    told("every edit believed at once", style.teams(SEED, TEAMS, ROUNDS, NOISE, bar=1))
    told("lessons, two fifths one-off", style.teams(SEED, TEAMS, ROUNDS, 2 * NOISE))
    arranged = style.teams(SEED, TEAMS, ROUNDS, NOISE, arranged=True)
    told("lessons, with tastes of order and length", arranged)
    best = flawless(SEED, TEAMS, ROUNDS, NOISE)
    told("every taste known after two edits", best)
    figure("  of what knowing the taste would save, that is the most", best.of_best, "")
    _plot(ours)
    return all((
        judged("of what knowing the taste would save", ours.of_best, 0.98),
        judged("sent untouched, of letters without a one-off edit", ours.untouched / ours.quiet, 0.96),
        judged("harmed", ours.harmful, 0.005, most=True),
    ))  # fmt: skip


def _plot(tally: Tally) -> None:
    """Distance by round without and with lessons, as CSV and as a plain drawing."""
    rounds = [tally.by_round[at::ROUNDS] for at in range(ROUNDS)]
    rows = [tuple(sum(each[side] for each in one) / len(one) for side in (0, 1)) for one in rounds]
    with (OUT / "learning.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("round", "without", "with"), *((n, *row) for n, row in enumerate(rows, 1))]
        )
    high = max(plain for plain, _ in rows)
    lines = (
        " ".join(f"{40 + 3 * n},{210 - 180 * row[side] / high:.1f}" for n, row in enumerate(rows))
        for side in (0, 1)
    )
    drawn = (
        f'<polyline points="{line}" fill="none" stroke="{ink}"/>'
        for line, ink in zip(lines, ("#6c6863", "#385699"), strict=True)
    )
    (OUT / "learning.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 240" font-family="sans-serif" font-size="12">'
        f'<text x="40" y="16">Distance by round: drafts without lessons (grey), with them (blue)</text>'
        f'<text x="4" y="34">{high:.2f}</text><text x="4" y="214">0</text>{"".join(drawn)}</svg>'
    )
    print(f"  drawn: {OUT / 'learning.svg'}, and {OUT / 'learning.csv'}")


def _turn() -> bool:
    print(f"\nA change of taste after {style.TURN} rounds, in five places at once:")
    needed, before = style.turning(SEED, TEAMS, NOISE)
    figure("edited letters until ten in a row need none, median", median(needed), "")
    told("the twenty rounds before", before)
    return judged("the slowest team of ten", quantile(needed, 0.9), 12, most=True)


def _tiers() -> bool:
    print("\nTwo tiers of customers, written to in two tastes:")
    flat = style.by_tier(SEED, TEAMS, ROUNDS, 0, scoped=False)
    ours = style.by_tier(SEED, TEAMS, ROUNDS, 0, scoped=True)
    told("without scopes", flat)
    told("by tier", ours)
    told("by tier, a fifth one-off", style.by_tier(SEED, TEAMS, ROUNDS, NOISE, scoped=True))
    return judged("reduction by tier", ours.cut, 0.94) and judged("above no scopes", ours.cut - flat.cut, 0)


def _newcomers() -> bool:
    print("\nA new team's first forty letters beside three teams that share so much of its taste:")
    fine = []
    for shared, wanted in ((0, 0.0), (0.5, 0.86), (1, 0.86)):
        ways = {w: style.newcomer(SEED, TEAMS, 40, shared, w, 0) for w in ("cold", "unasked", "offered")}
        for way, tally in ways.items():
            told(f"{shared:.0%} shared, {way}", tally)
        ours = ways["offered"]
        fine.append(judged("reduction with offers", ours.cut, wanted or ways["cold"].cut))
        fine.append(judged("harmed with offers", ours.harmful, 0.005, most=True))
    return all(fine)


def _together() -> bool:
    print("\nA lesson of one team and an article of another on one topic, to what knowing both would send:")
    ways = house_together.together(SEED, TEAMS)
    for way, tally in ways.items():
        told(way, tally)
    both = ways.pop("both")
    alone = max(one.cut for one in ways.values())
    return judged("reduction by both, above the better one alone", both.cut - alone, 0.01)


def _leaks() -> bool:
    """Every detail is written to two customers, so that the edits agree; then others are written to."""
    rng = random.Random(SEED)
    book, planted = style.Book(), [a_detail(rng, number) for number in range(PLANTED)]
    for talk in range(1, 2 * PLANTED + 1):
        letter = house_letters.a_letter(rng)
        drafted, used = book.draft(letter, "")
        sent = planted_in(rng, drafted, planted[(talk - 1) // 2])
        book.learn(talk, letter, drafted, used, sent, "")
    kept = [f"{one.delta.before} {one.delta.after}" for one in book.entries.values()]
    drafts = [book.draft(house_letters.a_letter(rng), "")[0] for _ in range(PLANTED)]
    stored = sum(any(detail in text for text in kept) for detail in planted)
    shown = sum(any(detail in text for text in drafts) for detail in planted)
    active = sum(one.state == ACTIVE for one in book.entries.values())
    print(f"\n{PLANTED} details, each written to two customers ({len(kept)} wordings stored, {active} in use):")
    return judged("details in a stored lesson", stored, 0, most=True) and judged(
        "details in another customer's draft", shown, 0, most=True
    )


def a_detail(rng: random.Random, number: int) -> str:
    digits = f"{rng.randrange(10**8):08}"
    forms = (
        f"AB-{digits[:5]}", f"#{digits[:6]}", f"DE{digits} {digits[:4]}", f"+49 30 {digits}",
        f"{digits[:3]}.{digits[3:5]} EUR",
        f"mara{digits[:4]}@example.org", f"https://example.org/{digits}", f"{digits[:2]}/{digits[2:5]}",
        f"user_{digits[:4]}",
        f"{1 + number % 28} March 20{digits[:2]}", f"Harbour Road {digits[:3]}", f"Velda{_letters(digits)}",
    )  # fmt: skip
    return forms[number % len(forms)]


def _letters(digits: str) -> str:
    return "".join("abcdefghij"[int(one)] for one in digits)


def planted_in(rng: random.Random, text: str, detail: str) -> str:
    """As a sentence of its own, in place of a word, at the end of a sentence, or in the greeting."""
    head, body, foot = text.split("\n\n")
    way = rng.randrange(4)
    if way == 0:
        body = f"{body} Your case is {detail} here."
    elif way == 1:
        long = [one for one in words.tokens(body) if len(one) > 5]
        body = body.replace(rng.choice(long), detail, 1)
    elif way == 2:
        body = body.removesuffix(".") + f" with {detail}."
    else:
        head = head.removesuffix(",") + f" {detail},"
    return "\n\n".join((head, body, foot))


if __name__ == "__main__":
    sys.exit(main())
