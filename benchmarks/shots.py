"""`make shots`: pictures of every page in both themes and at three widths, of the tests' invented gallery."""

import subprocess
import sys
from pathlib import Path


def main(told: list[str]) -> int:
    """`python -m benchmarks.shots [folder] [names]`; without a folder they are put into var/shots."""
    folder, *names = told or ["var/shots"]
    root = Path(__file__).resolve().parent.parent
    gallery = [sys.executable, "-m", "tests.copilot.console.gallery"]
    return subprocess.run([*gallery, str(Path(folder).resolve()), *names], cwd=root).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
