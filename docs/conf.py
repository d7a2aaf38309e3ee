"""Configuration of the documentation site; `make site` builds it."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = next(
    folder for folder in (ROOT / "src" / "climate_indicators", ROOT / "scripts" / "climate_indicators") if folder.is_dir()
)

project = "climate-indicators"
author = "climate-indicators developers"
copyright = "climate-indicators developers, MIT license"
release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinx_design", "sphinx_copybutton", "autoapi.extension", "sphinx.ext.napoleon"]
exclude_patterns = ["requirements.*", "README.md"]
suppress_warnings = [
    "autoapi.python_import_resolution",  # constants are left out of the pages, so their imports lead nowhere
]

# Markdown
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
copybutton_exclude = ".linenos, .gp, .go"

# API pages, from the docstrings, without importing the library
autoapi_dirs = [str(LIBRARY)]
autoapi_root = "reference/api"
autoapi_add_toctree_entry = False
autoapi_options = ["members", "undoc-members", "show-inheritance", "show-module-summary"]
autoapi_member_order = "bysource"
autoapi_python_class_content = "class"
autoapi_keep_files = False
autodoc_typehints = "signature"
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
html_copy_source = False
html_theme_options = {
    "logo": {"text": "climate-indicators"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_nav_level": 1,
    "navigation_depth": 3,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
