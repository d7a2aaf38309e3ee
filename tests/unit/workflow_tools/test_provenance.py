"""Imports of a script and the digest of its project modules."""

import os
import shutil

import pytest

from climate_indicators.workflow_tools.provenance import code_digest, project_imports, third_party_imports
from refusals import raises_naming


@pytest.fixture
def library(tmp_path):
    """A package: script → raster → files, figures/maps → (relative) style; other is imported by nobody."""
    package = tmp_path / "project" / "kit"
    (package / "figures").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "raster.py").write_text("import numpy as np\nfrom kit.files import read\n")
    (package / "files.py").write_text("def read():\n    import pandas.api\n")
    (package / "other.py").write_text("x = 1\n")
    (package / "figures" / "__init__.py").write_text("")
    (package / "figures" / "maps.py").write_text("from .style import color\n")
    (package / "figures" / "style.py").write_text("from ..files import read\ncolor = 1\n")
    return package


def write_script(library, text):
    script = library.parent / "script.py"
    script.write_text(text)
    return script


def names(paths, library):
    return {path.relative_to(library).as_posix() for path in paths}


@pytest.mark.parametrize(
    "text",
    ["import kit.raster", "from kit import raster", "from kit.raster import stack", "def f():\n  import kit.raster"],
)
def test_every_form_of_import_is_followed(library, text):
    script = write_script(library, text)
    assert names(project_imports(script, library), library) == {"__init__.py", "raster.py", "files.py"}


def test_packages_and_relative_imports_are_followed(library):
    script = write_script(library, "from kit.figures import maps\n")
    expected = {"__init__.py", "figures/__init__.py", "figures/maps.py", "figures/style.py", "files.py"}
    assert names(project_imports(script, library), library) == expected


def test_a_script_without_project_imports(library):
    script = write_script(library, "import os\nimport kitten\n")
    assert project_imports(script, library) == set()
    assert third_party_imports(script, library) == {"kitten"}


def test_third_party_imports_of_modules_count(library):
    script = write_script(library, "import sys\nimport rasterio.warp\nfrom kit.raster import stack\n")
    assert third_party_imports(script, library) == {"rasterio", "numpy", "pandas"}


def test_imports_in_a_circle_end(library):
    (library / "files.py").write_text("from kit import raster\n")
    script = write_script(library, "import kit.raster")
    assert names(project_imports(script, library), library) == {"__init__.py", "raster.py", "files.py"}


def test_digest_changes_with_the_modules_that_count_and_no_others(library):
    script = write_script(library, "from kit import raster\n")
    before = code_digest(script, library)
    (library / "other.py").write_text("x = 2\n")
    (library / "figures" / "maps.py").write_text("x = 2\n")
    assert code_digest(script, library) == before
    (library / "files.py").write_text("def read():\n    return 1\n")  # imported through raster only
    changed = code_digest(script, library)
    assert changed != before
    (library / "raster.py").rename(library / "rasters.py")
    (library / "raster.py").write_text("from kit.files import read\nimport kit.rasters\n")
    assert code_digest(script, library) not in (before, changed)


def test_digest_counts_content_neither_place_nor_time(library, tmp_path):
    script = write_script(library, "from kit import raster\n")
    before = code_digest(script, library)
    os.utime(library / "raster.py", (1, 1))
    assert code_digest(script, library) == before
    moved = tmp_path / "elsewhere"
    shutil.copytree(library.parent, moved)
    assert code_digest(moved / "script.py", moved / "kit") == before
    assert len(before) == 64


def test_a_module_that_does_not_exist_is_named(library):
    script = write_script(library, "from kit.rastr import stack\n")
    with raises_naming(ModuleNotFoundError, "script.py", "kit.rastr"):
        code_digest(script, library)
