"""Facts about the repository itself."""

import ast
import inspect
import re
import subprocess
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

import cloche

ROOT = Path(__file__).resolve().parent.parent

# Rust modules of the engine from the top down: a module uses its own layer and those below. The state of a path
# is the words that the rules of the indenture are written in, so they lie beside the rules.
ENGINE_LAYERS = [
    {"sim", "sweep"},
    {"path"},
    {
        "lifecycle",
        "waterfall",
        "coverage",
        "collateral",
        "credit",
        "notes",
        "fees",
        "accounts",
        "hedges",
        "expression",
    }
    | {"state"},
    {"metrics", "time", "rates", "math"},
    {"lanes", "random", "workers", "error"},
]
ABOVE_EVERY_LAYER = {"lib"}
BESIDE_THE_LAYERS = {"compile", "spec"}


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout, so nothing says which files belong to the project")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked_files():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_file_holds_a_path_of_one_machine() -> None:
    home = re.compile(
        r"(?<![\w.])/(?:home/\w|Users/\w|root/)" + f"|{re.escape(str(ROOT))}/|{re.escape(str(Path.home()))}/"
    )
    found = [
        f"{name}: {match[0]}"
        for name, text in texts()
        if name != "tests/test_repository.py" and (match := home.search(text))
    ]
    assert not found, "\n".join(found)


def test_no_file_is_a_large_binary() -> None:
    found = [str(path) for path in tracked_files() if path.stat().st_size > 1_000_000]
    assert not found, "\n".join(found)


def test_scripts_are_executable() -> None:
    scripts = [ROOT / ".ci" / "run", *sorted((ROOT / "scripts").glob("*.sh"))]
    assert [str(path) for path in scripts if not path.stat().st_mode & 0o100] == []


def engine_module(path: Path) -> str:
    parts = path.relative_to(ROOT / "rust" / "engine" / "src").with_suffix("").parts
    name = "::".join(parts[:2])
    return name if name in chain.from_iterable(ENGINE_LAYERS) else parts[0]


def uses(source: str) -> Iterator[str]:
    """Yield the modules named after `crate::`, with their second part where the layers know it."""
    code = re.sub(r"//[^\n]*", "", source)
    for match in re.finditer(r"\bcrate::(?:\{([^;]*)\}|(\w+)(?:::(\w+|\{[^}]*\}))?)", code):
        if match[1] is not None:
            yield from re.findall(r"(?:^|,)\s*(\w+)", re.sub(r"\{[^{}]*\}", "", match[1]))
            continue
        inner = re.findall(r"\w+", match[3] or "") or [""]
        for name in inner:
            full = f"{match[2]}::{name}"
            yield full if full in chain.from_iterable(ENGINE_LAYERS) else match[2]


def engine_uses() -> Iterator[tuple[Path, str, str]]:
    for path in sorted((ROOT / "rust" / "engine" / "src").rglob("*.rs")):
        module = engine_module(path)
        if module in ABOVE_EVERY_LAYER:
            continue
        for used in uses(path.read_text(encoding="utf-8")):
            yield path.relative_to(ROOT), module, used


def layer(module: str) -> int | None:
    return next((i for i, members in enumerate(ENGINE_LAYERS) if module in members), None)


def test_engine_modules_use_only_their_layer_and_lower_ones() -> None:
    found = []
    for path, module, used in engine_uses():
        here, there = layer(module), layer(used)
        if here is not None and there is not None and there < here:
            found.append(f"{path}: {module} uses {used}")
    assert not found, "\n".join(found)


def test_only_compile_reads_the_documents() -> None:
    found = [
        f"{path}: {module} uses {used}"
        for path, module, used in engine_uses()
        if used == "spec" and module not in {"spec", "compile"}
    ]
    assert not found, "\n".join(found)


def test_the_documents_use_nothing_of_the_engine_but_its_errors() -> None:
    found = [
        f"{path}: spec uses {used}"
        for path, module, used in engine_uses()
        if module == "spec" and used not in {"spec", "error"}
    ]
    assert not found, "\n".join(found)


def test_every_engine_module_has_its_layer() -> None:
    source = ROOT / "rust" / "engine" / "src"
    modules = {
        path.stem if path.is_file() else path.name
        for path in source.iterdir()
        if any(path.rglob("*.rs")) or path.suffix == ".rs"
    }
    known = set(chain.from_iterable(ENGINE_LAYERS)) | ABOVE_EVERY_LAYER | BESIDE_THE_LAYERS
    assert modules - known == set()


def test_only_the_bindings_know_python() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for crate in ("engine", "dispatch")
        for path in (ROOT / "rust" / crate).rglob("*")
        if path.suffix in {".rs", ".toml"}
        and re.search(r"\b(?:pyo3|numpy)(?:::|\s*=)", path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_the_reference_waterfall_imports_nothing_of_the_engine() -> None:
    folder = ROOT / "python" / "cloche" / "testing" / "reference"
    imported = re.compile(r"^\s*(?:from|import)\s+(cloche[\w.]*)", re.MULTILINE)
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(folder.rglob("*.py"))
        for name in imported.findall(path.read_text(encoding="utf-8"))
        if not name.startswith("cloche.testing.reference")
    ]
    assert not found, "\n".join(found)


def test_both_manifests_name_one_version() -> None:
    versions = {
        tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"],
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
    }
    assert len(versions) == 1


def root_imports(path: Path) -> Iterator[str]:
    """Yield what a module imports from the package root: anything but its submodules."""
    package = ROOT / "python" / "cloche"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name == "cloche")
        elif isinstance(node, ast.ImportFrom) and node.module == "cloche":
            for alias in node.names:
                is_module = (package / alias.name).is_dir() or (package / f"{alias.name}.py").is_file()
                if not is_module and alias.name != "_core":
                    yield alias.name


def test_nobody_imports_the_package_root() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "python" / "cloche").rglob("*.py"))
        for name in root_imports(path)
    ]
    assert not found, "\n".join(found)


def public() -> list[tuple[str, object]]:
    return [(name, getattr(cloche, name)) for name in cloche.__all__ if not name.startswith("__")]


@pytest.mark.parametrize(("name", "value"), public())
def test_every_public_name_is_documented(name: str, value: object) -> None:
    assert inspect.getdoc(value), name


@pytest.mark.parametrize(("name", "value"), [pair for pair in public() if inspect.isfunction(pair[1])])
def test_every_public_function_says_what_it_takes_and_shows_a_call(name: str, value: object) -> None:
    text = inspect.getdoc(value) or ""
    missing = [section for section in ("Parameters", "Returns", "Examples") if f"{section}\n---" not in text]
    assert missing == [], name
