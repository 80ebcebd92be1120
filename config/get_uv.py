"""Fetch uv into .uv where a machine has none. Runs on any Python from 3.9 on, with or without pip and venv."""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
import venv
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urljoin

HOME = Path(__file__).resolve().parent.parent / ".uv"
INDEX = os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"


def main() -> int:
    print("Fetching uv into .uv, which installs everything else", flush=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            install(Path(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        print(
            f"\nRapport cannot be set up: uv could not be fetched ({error}). Check the network, or install uv "
            "yourself (https://docs.astral.sh/uv/), and try again.",
            file=sys.stderr,
        )
        return 2
    return 0


def install(folder: Path) -> None:
    """Debian's plain python3 comes without ensurepip; there pip's own wheel, which runs as it is, does."""
    complete = find_spec("ensurepip") is not None
    venv.create(HOME, clear=True, with_pip=complete)
    python = str(HOME / "bin" / "python")
    pip = [python, "-m", "pip"] if complete else [python, str(pip_wheel(folder) / "pip")]
    subprocess.run([*pip, "install", "--quiet", "uv"], check=True)


def pip_wheel(folder: Path) -> Path:
    page_address = f"{INDEX.rstrip('/')}/pip/"
    with urllib.request.urlopen(page_address, timeout=30) as answer:
        page: str = answer.read().decode()
    found = re.findall(r'href="([^"]*/(pip-([\d.]+)-py3-none-any\.whl))#sha256=(\w+)"', page)
    if not found:
        raise OSError(f"no pip at {page_address}")
    link, name, _, digest = max(found, key=lambda row: tuple(map(int, row[2].strip(".").split("."))))
    with urllib.request.urlopen(urljoin(page_address, link), timeout=60) as answer:
        content: bytes = answer.read()
    if hashlib.sha256(content).hexdigest() != digest:
        raise OSError(f"{name} did not arrive whole")
    wheel = folder / str(name)
    wheel.write_bytes(content)
    return wheel


if __name__ == "__main__":
    sys.exit(main())
