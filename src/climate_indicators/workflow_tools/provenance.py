"""Modules that a script imports, with a digest: an edit of a project module makes the outputs of the script stale.

Uses only the standard library and parses the files without executing them.
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
    """Imports of one file as dotted names, and the digest of its bytes."""

    imports: tuple[tuple[str, tuple[str, ...]], ...]  # (module, names imported from it)
    sha256: str


class Provenance:
    """Imports of scripts and their digests; every file is read once.

    A workflow uses this for each of its rules at every start. Edits after the first call are not seen; create a new
    object to read the files again.

    Parameters
    ----------
    library : folder of the project's package; its name is the package's name.
    """

    def __init__(self, library: Path) -> None:
        self._library = library
        self._sources: dict[Path, _Source] = {}
        self._direct: dict[Path, frozenset[Path]] = {}
        self._modules: dict[tuple[str, ...], Path | None] = {}

    def digest(self, script: Path) -> str:
        """SHA-256 of the project modules that a script imports; see `code_digest`."""
        digest = hashlib.sha256()
        names = {path.relative_to(self._library).as_posix(): path for path in self.imports(script)}
        for name, path in sorted(names.items()):
            digest.update(f"{name}\0{self._source(path).sha256}\n".encode())
        return digest.hexdigest()

    def imports(self, script: Path) -> set[Path]:
        """Files of the project's package that a script imports, directly or not; see `project_imports`."""
        found: set[Path] = set()
        waiting = [script]
        while waiting:
            path = waiting.pop()
            if path not in self._direct:
                self._direct[path] = frozenset(self._project_files(path))
            new = self._direct[path] - found
            found |= new
            waiting.extend(new)
        return found

    def third_party(self, script: Path) -> set[str]:
        """Top-level names that come from outside; see `third_party_imports`."""
        paths = {script, *self.imports(script)}
        names = {module.split(".")[0] for path in paths for module, _ in self._source(path).imports}
        return names - set(sys.stdlib_module_names) - {self._library.name}

    def _project_files(self, path: Path) -> Iterator[Path]:
        for module, names in self._source(path).imports:
            parts = tuple(module.split("."))
            if parts[0] != self._library.name:
                continue
            yield from self._module_files(parts, path)
            for name in names:  # `from package import name`: a submodule, or something that the package defines
                if self._module_file((*parts, name)) is not None:
                    yield from self._module_files((*parts, name), path)

    def _module_files(self, parts: tuple[str, ...], importer: Path) -> Iterator[Path]:
        """Files of a module and of the packages around it."""
        for end in range(1, len(parts) + 1):
            path = self._module_file(parts[:end])
            if path is not None:
                yield path
            elif not self._library.joinpath(*parts[1:end]).is_dir():  # a folder without __init__.py is also a package
                named = ".".join(parts[:end])
                raise ModuleNotFoundError(
                    f"{importer} imports {named}, but {self._library} does not contain this module"
                )

    def _module_file(self, parts: tuple[str, ...]) -> Path | None:
        if parts not in self._modules:
            base = self._library.joinpath(*parts[1:])
            paths = (base / "__init__.py", base.with_name(f"{base.name}.py"))
            self._modules[parts] = next((path for path in paths if path.is_file()), None)
        return self._modules[parts]

    def _source(self, path: Path) -> _Source:
        if path not in self._sources:
            content = path.read_bytes()
            tree = ast.parse(content, filename=str(path))
            imports = tuple(_imports(tree, _package_of(path, self._library)))
            self._sources[path] = _Source(imports, hashlib.sha256(content).hexdigest())
        return self._sources[path]


def code_digest(script: Path, library: Path) -> str:
    """SHA-256 of the project modules that a script imports, directly or not; Snakemake checks the script itself.

    Independent of the folder: the digest uses only bytes and paths relative to the library.

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
        If a file is not valid Python.
    """
    return Provenance(library).digest(script)


def project_imports(script: Path, library: Path) -> set[Path]:
    """Files of the project's package that a script imports, directly or not.

    This includes the ``__init__.py`` files of parent packages and imports inside functions. Imports by name at run time
    (``importlib``) are not detected.

    Parameters and errors as in `code_digest`.
    """
    return Provenance(library).imports(script)


def third_party_imports(script: Path, library: Path) -> set[str]:
    """Top-level names that a script and its project modules import from outside: neither project nor standard library.

    Parameters and errors as in `code_digest`.
    """
    return Provenance(library).third_party(script)


def _package_of(path: Path, library: Path) -> str | None:
    """Dotted name of the package of a library file, where its relative imports start."""
    if not path.is_relative_to(library):
        return None
    return ".".join([library.name, *path.relative_to(library).parent.parts])


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement of a file, at any depth; expressions are skipped, because they contain no imports."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, field, ())
            waiting.extend(
                inner if isinstance(inner, list) else ()
            )  # the body of a lambda or of `a if b else c` is one expression


def _imports(tree: ast.AST, package: str | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            if node.level == 0:
                yield str(node.module), names
            elif package is not None:
                base = package.split(".")[: len(package.split(".")) - node.level + 1]
                yield ".".join([*base, *([node.module] if node.module else [])]), names
