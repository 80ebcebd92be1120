"""The long fault run: each event is told five times from eight clients, mixed, and customers are answered.

Every five seconds or so the worker or one of its processes is killed. Meanwhile Valkey, PostgreSQL and the web
server are killed, frozen, flushed and stopped too, the receiver hangs, resets and fails, and the senders'
clocks go wrong. What is lost or sent twice ends it with 1.

`python -m benchmarks.soak [EVENTS]`, 10,000 by default; one round of all faults for every 2,000 events.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.house import house

EVENTS = 10_000
EVENTS_A_ROUND = 2_000
REPEATS = 5
SECONDS_BETWEEN_KILLS = 3.5  # by the clock; with what other faults take and kill, some five seconds apart
MOST_REPLIES = 400


def main(words: list[str]) -> int:
    events = int(words[0]) if words else EVENTS
    with house() as place, tempfile.TemporaryDirectory(prefix="rapport-soak-") as folder:
        from tests.journeys import storm  # it needs the settings

        plan = storm.Plan(
            events, min(events * 12 // 100, MOST_REPLIES), clients=8, repeats=REPEATS,
            faults=storm.ALL * max(1, events // EVENTS_A_ROUND), postgres=place.database,
            seconds_between_kills=SECONDS_BETWEEN_KILLS,
        )  # fmt: skip
        counts, broken = storm.run(Path(folder), plan)
    print(storm.told(counts))
    for promise in broken:
        print(f"BROKEN: {promise}")
    print(
        "Nothing was lost and nothing was sent twice." if not broken else f"{len(broken)} promises were broken."
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
