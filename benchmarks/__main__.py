"""`make bench` runs them all, `make bench NAME=ingest` one."""

import subprocess
import sys
from pathlib import Path

NAMES = (
    "ingest",
    "first_words",
    "pages",
    "star",
    "retrieval",
    "drain",
    "doors",
    "slow_receiver",
    "checks",
    "topics",
    "context",
    "tau2",
    "promises",
    "notes",
    "learning",
    "daily",
    "account",
    "review_keys",
)


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
        return 2
    root = Path(__file__).resolve().parent.parent
    runs = [subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=root) for name in names or NAMES]
    return max(run.returncode for run in runs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
