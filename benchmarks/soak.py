"""The long fault run: hundreds of signed events and dozens of approved replies, while a worker, one of its
processes, Valkey and the web server are killed and Valkey is frozen. What is lost or sent twice ends it with 1.

`python -m benchmarks.soak [EVENTS]`, 500 by default and at least; an eighth of them are answered.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.house import house

EVENTS = 500


def main(words: list[str]) -> int:
    events = max(EVENTS, int(words[0])) if words else EVENTS
    with house(), tempfile.TemporaryDirectory(prefix="rapport-soak-") as folder:
        from tests.journeys import storm  # it needs the settings

        counts, broken = storm.run(Path(folder), events, events * 12 // 100)
    print(storm.told(counts))
    for promise in broken:
        print(f"BROKEN: {promise}")
    print(
        "Nothing was lost and nothing was sent twice." if not broken else f"{len(broken)} promises were broken."
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
