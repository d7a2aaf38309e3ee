"""Configuration of the documentation site; `make site` builds it."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from sphinx import addnodes

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
# pages that are files elsewhere in the repository
PAGES_ELSEWHERE = {
    "reference/configuration": "config/README.md",
    "howto/default_profile": "profiles/default/README.md",
    "howto/slurm_profile": "profiles/slurm/README.md",
    "project/contributing": "CONTRIBUTING.md",
    "project/changelog": "CHANGELOG.md",
    "project/code_of_conduct": "CODE_OF_CONDUCT.md",
}

project = "climate-indicators"
author = "climate-indicators developers"
copyright = "climate-indicators developers, MIT license"
release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinx_design", "sphinx_copybutton", "autoapi.extension", "sphinx.ext.napoleon"]
exclude_patterns = ["requirements.*"]
suppress_warnings = [
    "autoapi.python_import_resolution",  # constants are left out of the pages, so their imports lead nowhere
]

# Markdown
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
copybutton_exclude = ".linenos, .gp, .go"

# API pages, from the docstrings, without importing the library
autoapi_dirs = ["../src/climate_indicators"]
autoapi_root = "reference/api"
autoapi_add_toctree_entry = False
autoapi_options = ["members", "show-inheritance", "show-module-summary"]
autoapi_member_order = "bysource"
autoapi_python_class_content = "class"
autoapi_keep_files = False
autodoc_typehints = "signature"
add_module_names = False
napoleon_google_docstring = False
# types are prose ("float array, shape (rows, columns)"), not names to link
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True

# pages
html_theme = "pydata_sphinx_theme"
html_title = "climate-indicators"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_sidebars = {"reference/api/**": []}  # the page itself lists the modules
html_copy_source = False
html_theme_options = {
    "logo": {"text": "climate-indicators"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_nav_level": 1,
    "navigation_depth": 3,
    "collapse_navigation": True,  # open sections of every page take most of the time of a build
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def _take_from_elsewhere(app, name: str, source: list[str]) -> None:
    """Text of pages that are files elsewhere; links to such files lead to their pages."""
    file = ROOT / PAGES_ELSEWHERE[name] if name in PAGES_ELSEWHERE else DOCS / f"{name}.md"
    pages = {(ROOT / path).as_posix(): (DOCS / f"{page}.md").as_posix() for page, path in PAGES_ELSEWHERE.items()}

    def relative_to_page(match: re.Match[str]) -> str:
        path, _, anchor = match[1].partition("#")
        if not path or "://" in path or path.startswith("mailto:"):
            return match[0]
        target = os.path.normpath(file.parent / path)
        link = os.path.relpath(pages.get(target, target), (DOCS / name).parent)
        return f"]({link}{'#' + anchor if anchor else ''})"

    if file.suffix == ".md" and file.exists():
        text = file.read_text(encoding="utf-8")
        source[0] = re.sub(r"\]\(([^)\s]+)\)", relative_to_page, text)


def _sections_as_prose(app, what, name, obj, options, lines: list[str]) -> None:
    """Returned values and attributes are described in sentences; napoleon would set them in italics, as types."""
    # two empty lines end the section before
    section = re.compile(r"^(Returns|Yields|Attributes)\n-+\n((?:(?!\w+\n-+\n).*(?:\n|$))*)", re.M)

    def prose(match: re.Match[str]) -> str:
        if match[1] != "Attributes":
            return f"\n\n:{match[1].lower()}: {' '.join(match[2].split())}\n\n"
        items = re.split(r"^(?=\S)", match[2], flags=re.M)
        named = (" ".join(item.split()).partition(" : ") for item in items if item.strip())
        return "\n\n" + "\n".join(f":ivar {key}: {text}" for key, _, text in named) + "\n\n"

    lines[:] = section.sub(prose, "\n".join(lines)).split("\n")


def _attributes_as_written(app) -> None:
    """The description of an attribute is a sentence; napoleon would take what is before its first colon for a type."""
    written: list[str] = []

    def remember(app, what, name, obj, options, lines: list[str]) -> None:
        written[:] = lines

    def restore(app, what, name, obj, options, lines: list[str]) -> None:
        if what in ("attribute", "data"):
            lines[:] = written

    app.connect("autodoc-process-docstring", remember, priority=400)
    app.connect("autodoc-process-docstring", restore, priority=600)


def _words_are_no_names(app, doctree) -> None:
    """A word in the description of a type, such as "shape", is not a link to an attribute of that name."""
    for node in list(doctree.findall(addnodes.pending_xref)):
        target = node.get("reftarget", "")
        if node.get("refdomain") == "py" and "." not in target:
            node.replace_self(node.children)


def setup(app) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _sections_as_prose, priority=450)
    _attributes_as_written(app)
    app.connect("doctree-read", _words_are_no_names)
    app.connect("source-read", _take_from_elsewhere)
