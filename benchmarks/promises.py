"""Promises heard in what colleagues write: precision and recall on 300 labelled messages, dates counted too.

They were labelled before the code, in two parts (tests/fixtures): the rules are written on promises.toml,
and of promises_apart.toml only the figures are printed. Bars: precision 0.90, recall 0.60, dates 0.90.
"""

import sys
import tomllib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.house import figure
from copilot.relationship.promised import promises_in

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures"
SEEN, APART = "promises.toml", "promises_apart.toml"
SAID_AT = datetime(2026, 11, 18, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))


def measure(part: str) -> tuple[float, float, float, list[str]]:
    """Precision and recall of promises, precision of their dates, and what went wrong, one line each."""
    right = wrong = missed = dated = 0
    faults: list[str] = []
    for one in tomllib.loads((FIXTURES / part).read_text())["said"]:
        heard = next(promises_in(one["text"], SAID_AT), None)
        want = one.get("due")
        right, wrong, missed = (
            right + bool(heard and want),
            wrong + bool(heard and not want),
            missed + bool(want and not heard),
        )
        if heard and want:
            due = f"{heard.due:%Y-%m-%dT%H:%M}" if heard.due else "open"
            dated += due == want
            faults += [f"{due} for {want}: {one['text']}"] if due != want else []
        elif heard or want:
            faults.append(f"{'heard' if heard else 'missed'}: {one['text']}")
    return right / (right + wrong), right / (right + missed), dated / right, faults


def main() -> int:
    for part, faults_too in ((SEEN, True), (APART, False)):
        precision, recall, dates, faults = measure(part)
        print(f"Promises in {part}, without a model:")
        figure("precision", precision, "", "bar: at least 0.90")
        figure("recall", recall, "", "bar: at least 0.60")
        figure("of those heard, due at the labelled moment", dates, "", "bar: at least 0.90")
        print("\n".join(f"  {one}" for one in faults if faults_too))
    return 0


if __name__ == "__main__":
    sys.exit(main())
