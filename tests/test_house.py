"""The house keeps its own rules: who imports what, how long a file and a function may be, and that the words
written about it are true."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from interactions.crm.registry import CRMS

ROOT = Path(__file__).resolve().parent.parent
APPS = {"people", "customers", "interactions", "copilot"}
FILE_LINES = 400
FUNCTION_LINES = 40


def ours(*folders: str) -> Iterator[Path]:
    """Every Python file of the project that git knows."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.exists() and "migrations" not in path.parts and (not folders or name.startswith(folders)):
            yield path


def imports(path: Path) -> set[str]:
    """The packages a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("name", ["bell.py", "prepared.py"])
def test_what_lies_below_the_rooms_knows_none(name: str) -> None:
    assert not imports(ROOT / name) & (APPS | {"config"})


def test_only_the_claude_engine_imports_its_library() -> None:
    rooms = [path for path in ours() if not path.is_relative_to(ROOT / "tests")]
    assert [path.relative_to(ROOT) for path in rooms if "anthropic" in imports(path)] == [
        Path("copilot/drafting/claude.py")
    ]


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        path.relative_to(ROOT): lines
        for path in ours()
        if (lines := len(path.read_text().splitlines())) > FILE_LINES
    }
    assert not long


def test_no_function_is_longer_than_a_screen() -> None:
    long = []
    for path in ours():
        if path.is_relative_to(ROOT / "tests"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines")
    assert not long, "\n".join(long)


def settings_variables() -> set[str]:
    """The names that config/settings.py reads from the environment."""
    read = r'\b(?:env\.\w+|secrets?)\(\s*"([A-Z][A-Z0-9_]+)"'
    return set(re.findall(read, (ROOT / "config" / "settings.py").read_text()))


def test_the_settings_are_found() -> None:
    assert {"DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "UNDO_SECONDS", "API_RATE"} <= settings_variables()


def test_the_readme_names_every_variable() -> None:
    readme = (ROOT / "README.md").read_text()
    table = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", "\n".join(re.findall(r"^\|.*$", readme, re.M))))
    assert not settings_variables() - table


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_command_in_the_pages_exists(name: str) -> None:
    told = set(re.findall(r"\bmake ([a-z][a-z-]*)", code_of((ROOT / name).read_text())))
    assert told
    assert not told - targets()


def test_every_command_in_the_docs_exists() -> None:
    for path in (ROOT / "docs").rglob("*.md"):
        told = set(re.findall(r"\bmake ([a-z][a-z-]*)", code_of(path.read_text())))
        assert not told - targets(), path.name


@pytest.mark.parametrize("kind", list(CRMS))
def test_every_kind_of_connection_has_its_page(kind: str) -> None:
    """The console sends an admin there for what to click."""
    assert (ROOT / "docs" / "connectors" / f"{kind}.md").is_file()


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))


def code_of(page: str) -> str:
    """What stands between backticks, in lines and in blocks."""
    return "\n".join([*re.findall(r"```.*?```", page, re.S), *re.findall(r"`[^`\n]+`", page)])
