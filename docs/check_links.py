"""Check the links of the built documentation: ``python docs/check_links.py site``.

Every internal link must lead to a file of the site and, with an anchor, to an element of that page. External links are
listed in ``external_links.txt`` of that folder; no request is made.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

# pages that Sphinx makes without text of their own
GENERATED = {"genindex.html", "py-modindex.html", "search.html"}


@cache
def page(path: Path) -> BeautifulSoup:
    """A parsed page."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(path: Path) -> frozenset[str]:
    """All ids of a page."""
    return frozenset(element["id"] for element in page(path).find_all(id=True))


def check(site: Path) -> tuple[list[str], set[str]]:
    """Broken internal links, as ``page: link``, and the external links of the site."""
    broken, external = [], set()
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.parts:  # templates of the theme
            continue
        for element in page(path).find_all(["a", "img", "link", "script", "object"]):
            link = element.get("href") or element.get("src") or element.get("data")
            if not link:
                continue
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if parts.scheme in ("http", "https"):
                    external.add(link)
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            found = target.is_file() and (
                not parts.fragment or target.suffix != ".html" or unquote(parts.fragment) in anchors(target)
            )
            if not found and not (target.name in GENERATED and not parts.fragment):
                broken.append(f"{path.relative_to(site)}: {link}")
    return broken, external


def main() -> int:
    """Check the site given on the command line; the exit status is 1 if a link is broken."""
    site = Path(sys.argv[1]).resolve()
    broken, external = check(site)
    (site / "external_links.txt").write_text("".join(f"{link}\n" for link in sorted(external)), encoding="utf-8")
    for link in broken:
        print(f"broken link in {link}", file=sys.stderr)
    print(f"{len(broken)} broken internal links; {len(external)} external links, listed in external_links.txt")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
