"""What the pages show is what happens: their Python runs, their documents are valid, their screens are printed so.

``python tests/test_docs.py`` runs the commands of all pages and writes what they print now into the pages.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REAL = "../shared"
LONG = "make demo"
OUT_OF_DATE = "the page shows other numbers: `python tests/test_docs.py` writes the present ones"


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [body for found, body in BLOCK.findall(text) if found == language]


def workplace(folder: Path) -> Path:
    """Return a folder that looks like the repository to the commands of the pages, with the example's files."""
    from cloche.build.example import write_example

    place = folder / "cloche"
    write_example(place)
    (place / "examples").symlink_to(ROOT / "examples")
    if (ROOT.parent / "shared").is_dir():
        (folder / "shared").symlink_to(ROOT.parent / "shared")
    return place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workplace(tmp_path_factory.mktemp("docs"))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_the_python_of_a_page_runs(page: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    names: dict[str, object] = {"__name__": "__page__"}
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    for number, body in enumerate(blocks(page, "python")):
        title = f"{page}[{number}]"
        if ">>> " not in body:
            exec(compile(body, title, "exec"), names)  # noqa: S102 - the page is part of the project
            continue
        test = doctest.DocTestParser().get_doctest(body, names, title, page, None)
        runner = doctest.DocTestRunner(optionflags=flags)
        runner.run(test, clear_globs=False)
        names.update(test.globs)
        assert runner.failures == 0, title


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "yaml")])
def test_the_documents_of_a_page_are_valid(page: str) -> None:
    import cloche as cl

    for body in blocks(page, "yaml"):
        if body.startswith("cloche: 1\n"):
            cl.Deal.from_yaml(body)
        elif body.startswith("cloche_state: 1\n"):
            cl.DealState.from_yaml(body)
        elif body.startswith("kind: "):
            cl.GaussianCopula.from_yaml(body)
        elif body.startswith("cdr: "):
            cl.Scenario.from_yaml(body)


def sessions(body: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with what it prints."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, printed = part.replace("\\\n", "").partition("\n")
        yield re.sub(r"\s+", " ", command), printed


def printed_by(command: str, place: Path) -> str:
    """Return what a command of a page prints on standard output now."""
    line, _, filtered = command.partition(" | ")
    words = shlex.split(line)
    programs = {
        "cloche": [sys.executable, "-m", "cloche"],
        "python": [sys.executable],
        "make": [sys.executable, "examples/demo.py", "--out", "build"],
    }
    arguments = [*programs[words[0]], *([words[1]] if words[0] == "make" else words[1:])]
    if words[0] == "make":
        arguments = [*arguments[:-2], f"build/{words[1]}"]
    done = subprocess.run(arguments, cwd=place, check=False, capture_output=True, text=True, timeout=300)
    shown = done.stdout or done.stderr
    if filtered:
        number = int(filtered.removeprefix("tail -n "))
        shown = "".join(shown.splitlines(keepends=True)[-number:])
    return shown


def screens() -> list[tuple[str, str, str]]:
    return [
        (page, command, printed)
        for page in PAGES
        for body in blocks(page, "console")
        for command, printed in sessions(body)
    ]


@pytest.mark.parametrize(("page", "command", "printed"), [s for s in screens() if s[1] != LONG])
def test_a_command_of_a_page_prints_what_the_page_shows(
    page: str, command: str, printed: str, place: Path
) -> None:
    if (REAL in command or "build/p" in command) and not (place.parent / "shared").exists():
        pytest.skip("the real deals are not beside this checkout")
    assert printed_by(command, place).rstrip() == printed.rstrip(), OUT_OF_DATE


@pytest.mark.slow
@pytest.mark.parametrize(("page", "command", "printed"), [s for s in screens() if s[1] == LONG])
def test_the_demo_prints_what_the_page_shows(page: str, command: str, printed: str, place: Path) -> None:
    assert printed_by(command, place).rstrip() == printed.rstrip(), OUT_OF_DATE


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    folder = (ROOT / page).parent
    assert [target for target in targets if not (folder / target).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {Path(page).name for page in PAGES if page.startswith("docs/")} - {"index.md"}
    assert {name for name in pages if f"]({name})" not in index} == set()


def refresh() -> None:
    """Write what the commands print now into the pages."""
    with tempfile.TemporaryDirectory() as folder:
        place = workplace(Path(folder))
        for page in PAGES:
            path = ROOT / page
            text = path.read_text(encoding="utf-8")

            def current(match: re.Match[str]) -> str:
                if match[1] != "console":
                    return match[0]
                parts = re.split(r"(?=^\$ )", match[2], flags=re.MULTILINE)
                shown = ""
                for part in filter(None, parts):
                    head = re.match(r"\$ (?:.*\\\n)*.*\n", part)
                    ((command, _),) = sessions(part)
                    printed = printed_by(command, place).rstrip()
                    shown += (head[0] if head else "") + (f"{printed}\n" if printed else "")
                return f"```console\n{shown}```"

            path.write_text(BLOCK.sub(current, text), encoding="utf-8")


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    refresh()
