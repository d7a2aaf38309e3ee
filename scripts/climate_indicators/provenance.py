"""Which modules a script imports, and a digest of the project's own: an edit of one makes the script's outputs stale.

Uses only the standard library, and reads the files without running them.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class _Source:
    """What one file imports, as dotted names, and the digest of its bytes."""

    imports: tuple[tuple[str, tuple[str, ...]], ...]  # (module, names taken from it)
    sha256: str


_read: dict[tuple[Path, str | None], tuple[tuple[int, int], _Source]] = {}


def code_digest(script: Path, library: Path) -> str:
    """SHA-256 of the project modules that a script imports, directly or not; of the script itself Snakemake takes care.

    The same in every folder: only paths inside the library and bytes count.

    Parameters
    ----------
    script : a Python file.
    library : folder of the project's package; its name is the package's name.

    Returns
    -------
    64 hexadecimal digits.

    Raises
    ------
    ModuleNotFoundError
        If a file imports a module of the project that does not exist.
    SyntaxError
        If a file is not Python.
    """
    digest = hashlib.sha256()
    for path in sorted(project_imports(script, library), key=lambda path: path.relative_to(library).as_posix()):
        digest.update(f"{path.relative_to(library).as_posix()}\0{_source(path, library).sha256}\n".encode())
    return digest.hexdigest()


def project_imports(script: Path, library: Path) -> set[Path]:
    """Files of the project's package that a script imports, directly or not.

    The ``__init__.py`` files on the way count, imports inside functions too. Imports by name at run time
    (``importlib``) cannot be seen.

    Parameters and errors as in `code_digest`.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        new = set(_project_files(path, library)) - found
        found |= new
        waiting.extend(new)
    return found


def third_party_imports(script: Path, library: Path) -> set[str]:
    """Top-level names that a script and its project modules import from outside: neither project nor standard library.

    Parameters and errors as in `code_digest`.
    """
    paths = {script, *project_imports(script, library)}
    names = {module.split(".")[0] for path in paths for module, _ in _source(path, library).imports}
    return names - set(sys.stdlib_module_names) - {library.name}


def _project_files(path: Path, library: Path) -> Iterator[Path]:
    for module, names in _source(path, library).imports:
        parts = module.split(".")
        if parts[0] != library.name:
            continue
        yield from _module_files(parts, path, library)
        for name in names:  # `from package import name`: a submodule, or something that the package defines
            if _module_file([*parts, name], library) is not None:
                yield from _module_files([*parts, name], path, library)


def _module_files(parts: list[str], importer: Path, library: Path) -> Iterator[Path]:
    """Files of a module and of the packages around it."""
    for end in range(1, len(parts) + 1):
        path = _module_file(parts[:end], library)
        if path is not None:
            yield path
        elif not library.joinpath(*parts[1:end]).is_dir():  # a folder without __init__.py is a package as well
            raise ModuleNotFoundError(f"{importer} imports {'.'.join(parts)}, but {library} has no such module")


def _module_file(parts: list[str], library: Path) -> Path | None:
    base = library.joinpath(*parts[1:])
    return next((path for path in (base / "__init__.py", base.with_name(f"{base.name}.py")) if path.is_file()), None)


def _source(path: Path, library: Path) -> _Source:
    """Read a file, once in a process unless it changes."""
    stat = path.stat()
    package = _package_of(path, library)
    stamp = (stat.st_mtime_ns, stat.st_size)
    known = _read.get((path, package))
    if known is None or known[0] != stamp:
        content = path.read_bytes()
        imports = tuple(_imports(ast.parse(content, filename=str(path)), package))
        known = _read[path, package] = (stamp, _Source(imports, hashlib.sha256(content).hexdigest()))
    return known[1]


def _package_of(path: Path, library: Path) -> str | None:
    """Dotted name of the package that a file of the library lies in: where its relative imports start."""
    if not path.is_relative_to(library):
        return None
    return ".".join([library.name, *path.relative_to(library).parent.parts])


def _imports(tree: ast.AST, package: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            if node.level == 0:
                yield str(node.module), names
            elif package is not None:
                base = package.split(".")[: len(package.split(".")) - node.level + 1]
                yield ".".join([*base, *([node.module] if node.module else [])]), names
