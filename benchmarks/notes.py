"""Notes proposed from what customers write, without a model: precision and recall on labelled sentences.

The sentences were labelled before the code (tests/fixtures/notes.toml). Bars: precision 0.90, recall 0.60; a
note of another kind than labelled counts as wrong.
"""

import sys
import tomllib
from pathlib import Path

from benchmarks.house import figure
from copilot.relationship.noted import notes_in

LABELLED = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "notes.toml"


def measure() -> tuple[float, float, list[str]]:
    """Precision, recall, and what went wrong, one line each."""
    right = wrong = wanted = 0
    faults: list[str] = []
    for one in tomllib.loads(LABELLED.read_text())["said"]:
        heard = next((found.kind for found in notes_in(one["text"])), None)
        want = one.get("kind")
        right += bool(want and heard == want)
        wrong += bool(heard and heard != want)
        wanted += bool(want)
        faults += [f"{heard or 'missed'} for {want or 'nothing'}: {one['text']}"] if heard != want else []
    return right / (right + wrong), right / wanted, faults


def main() -> int:
    precision, recall, faults = measure()
    print("Notes in labelled sentences, without a model:")
    figure("precision", precision, "", "bar: at least 0.90")
    figure("recall", recall, "", "bar: at least 0.60")
    print("\n".join(f"  {one}" for one in faults))
    return 0


if __name__ == "__main__":
    sys.exit(main())
