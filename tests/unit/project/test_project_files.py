"""Files around the code agree with it: links, continuous integration, container."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("profiles/*/README.md")]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page):
    """Anchors of the headings of a page, made as hosting sites make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_of_the_docs_is_in_the_navigation():
    pages = {path.relative_to(ROOT / "docs").with_suffix("") for path in ROOT.glob("docs/**/*.md")}
    listed = {Path("index")}
    for page in pages:
        text = (ROOT / "docs" / page).with_suffix(".md").read_text(encoding="utf-8")
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.M | re.S):
            names = [line for line in tree.splitlines() if line and not line.startswith(":")]
            listed |= {Path(os.path.normpath(page.parent / name)) for name in names}
    assert pages - listed == set()
    assert {page for page in listed - pages if page.parts[:2] != ("reference", "api")} == set()


@pytest.mark.slow
@pytest.mark.skipif(
    not (ROOT / ".venv-docs/.installed").exists(), reason="no packages of the site here: make site installs them"
)
def test_the_site_builds_without_warnings_and_its_links_lead_somewhere(tmp_path):
    python = ROOT / ".venv-docs/bin/python"
    build = [python, "-m", "sphinx", "--quiet", "--fail-on-warning", "--doctree-dir", tmp_path / "doctrees"]
    for command in ([*build, "docs", tmp_path / "site"], [python, "docs/check_links.py", tmp_path / "site"]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site/reference/configuration.html").exists()
    assert list((tmp_path / "site/reference/api").rglob("*.html"))


def test_the_readme_is_short_and_names_the_parts_of_the_docs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    for folder in ("tutorials", "howto", "reference", "explanation"):
        assert f"docs/{folder}/" in text
    assert [path.name for path in ROOT.glob("config/examples/*.yaml") if path.name not in text] == []


def test_every_output_file_of_the_first_screen_is_on_the_page_of_outputs():
    page = (ROOT / "docs/reference/outputs.md").read_text(encoding="utf-8")
    named = re.findall(
        r"`([^`]+)`", (ROOT / "README.md").read_text(encoding="utf-8").split("## Outputs")[1].split("## ")[0]
    )
    files = [name.rsplit("/", 1)[-1] for name in named if "." in name]
    assert len(files) > 10
    assert [name for name in files if name not in page] == []


def test_continuous_integration_runs_the_tests_on_every_supported_python_and_all_of_them_on_one():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    assert jobs["test"]["steps"][-1]["run"] == "make test"
    assert jobs["test-all"]["steps"][-1]["run"].endswith(" make test-all")
    least, most = re.search(
        r"\(3, (\d+)\) <= sys.version_info\[:2\] <= \(3, (\d+)\)", (ROOT / "Makefile").read_text()
    ).groups()
    expected = [f"3.{minor}" for minor in range(int(least), int(most) + 1)]
    assert jobs["test"]["strategy"]["matrix"]["python-version"] == expected


def test_forms_for_issues_and_the_catalog_are_valid_yaml():
    for path in ROOT.glob(".github/ISSUE_TEMPLATE/*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.name != "config.yml":
            assert {"name", "description", "body"} <= set(form) and form["body"]
    catalog = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))
    assert catalog["usage"]["software-stack-deployment"]["conda"] is True


def test_version_is_one():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == version


def test_the_container_installs_by_the_lock_and_copies_what_the_installation_needs():
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "RUN make install" in recipe
    before = recipe.split("RUN make install")[0]
    assert "requirements.lock" in before and "Makefile" in before
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {"results/*", "resources/*", ".venv"} <= set(ignored)
