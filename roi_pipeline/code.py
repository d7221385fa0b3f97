"""What code a result was computed by, as a checksum: the modules of this package that a module
imports, directly or not, with the versions of the libraries that compute. Opens no database."""

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import roi_pipeline

PACKAGE = Path(roi_pipeline.__file__).parent
LIBRARIES = ("duckdb", "polars", "numpy", "great_expectations", "sqlglot")
# Parsing the modules would take half of the second in which a run says that nothing is new.
_IMPORT = re.compile(
    r"^[ \t]*(?:from (roi_pipeline[\w.]*) import (\([^)]*\)|[^\n]*)|import (roi_pipeline[\w.]*))",
    re.MULTILINE,
)


@cache
def code_sha256(*modules: str) -> str:
    """A checksum of the source of these modules and of all that they import of the package.

    Comments count: to know that a change is one is harder than to build again.
    """
    digest = sha256()
    for name, source in sorted(sources(*modules).items()):
        digest.update(f"{name} {sha256(source.encode()).hexdigest()}\n".encode())
    digest.update(_libraries().encode())
    return digest.hexdigest()


@cache
def _libraries() -> str:
    """The libraries that compute, with their versions, a line each."""
    return "".join(f"{library} {version(library)}\n" for library in LIBRARIES)


def sources(*modules: str) -> dict[str, str]:
    """The source of these modules of the package and of all that they import of it, by name."""
    found: dict[str, str] = {}
    left = [*modules]
    while left:
        name = left.pop()
        if name not in found and (module := _module(name)):
            found[name], needs = module
            left += needs
    return found


@cache
def _module(name: str) -> tuple[str, tuple[str, ...]] | None:
    """The source of a module of the package, and the modules it needs; None for anything else."""
    file = _file(name)
    if file is None:
        return None
    source = file.read_text(encoding="utf-8")
    needs = [name.rpartition(".")[0], *_imports(source)]
    if "import_module" in source:  # loads its neighbours by their names
        needs += [f"{name}.{each.stem}" for each in file.parent.glob("*.py")]
    return source, tuple(needs)


def _file(name: str) -> Path | None:
    """Where a module of the package is; None for anything else."""
    first, _, rest = name.partition(".")
    if first != PACKAGE.name:
        return None
    path = PACKAGE.joinpath(*rest.split(".")) if rest else PACKAGE
    choices = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in choices if file.is_file()), None)


def _imports(source: str) -> Iterator[str]:
    """Every module that a source may import, also inside functions."""
    for module, names, plain in _IMPORT.findall(source):
        yield module or plain
        yield from (f"{module}.{name}" for name in re.findall(r"\w+", names))
