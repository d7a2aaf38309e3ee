"""A STAC API over real files: search by collection, shape and time in pages; files by ranges; tokens; faults."""

import datetime
import json
from urllib.parse import parse_qs

from shapely.geometry import box, shape

from servers.files import FileServer

CONFORMS = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/item-search",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]
PAGE = 3


class StacServer(FileServer):
    """Serves ``items`` (STAC items whose assets' addresses begin with "/") and ``files``, bytes by path.

    ``token``: query that addresses of files must carry; it is given at ``/token/COLLECTION`` to those who send ``key``
    in the header Ocp-Apim-Subscription-Key. None: files are open. ``polygons``: status with which searches by polygon
    are answered, None for their items; ``searches``: kind of every search; ``merge``: False has links to next pages as
    Earth Search has them.
    """

    def __init__(self, items=(), files=None, token=None, key=None, page=PAGE):
        super().__init__(files)
        self.polygons, self.searches, self.merge = None, [], True
        self.items, self.query_token, self.key, self.page = list(items), token, key, page

    def answer(self, path, query, headers):
        if path.rstrip("/") == "/stac":
            return self.json(self.landing())
        if path == "/stac/search":
            asked = json.loads(self.asked.body)
            self.searches.append("polygon" if "intersects" in asked else "rectangle")
            if self.polygons is not None and "intersects" in asked:
                return self.polygons, {}, b"no polygons"
            return self.json(self.search(asked))
        if path.startswith("/token/"):
            if self.key and headers.get("Ocp-Apim-Subscription-Key") != self.key:
                return 401, {}, b"a key is needed"
            end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
            return self.json({"msft:expiry": end.isoformat(), "token": f"sig={self.query_token}"})
        if self.query_token and parse_qs(query).get("sig") != [self.query_token]:
            return 403, {}, b"a token is needed"
        return super().answer(path, query, headers)

    def landing(self):
        links = [{"rel": rel, "href": f"{self.url}/stac", "type": "application/json"} for rel in ("self", "root")]
        links.append(
            {"rel": "search", "href": f"{self.url}/stac/search", "type": "application/geo+json", "method": "POST"}
        )
        return {
            "type": "Catalog", "id": "loopback", "description": "scenes of a simulated world", "stac_version": "1.0.0",
            "conformsTo": CONFORMS, "links": links,
        }  # fmt: skip

    def search(self, asked):
        """A page of the items that a search asks for."""
        start, stop = asked["datetime"].split("/")
        area = shape(asked["intersects"]) if "intersects" in asked else box(*asked["bbox"])
        found = [
            item
            for item in self.items
            if item["collection"] in asked["collections"]
            and start <= item["properties"]["datetime"] <= stop
            and shape(item["geometry"]).intersects(area)
        ]
        first = int(asked.get("token", 0))
        page = found[first : first + min(self.page, asked["limit"])]
        links = []
        if self.merge is False and page:
            # as Earth Search has it: a link also behind the last item, with the whole search in it
            again = {"href": f"{self.url}/stac/search", "method": "POST", "type": "application/geo+json"}
            links.append({"rel": "next", **again, "merge": False, "body": asked | {"token": str(first + len(page))}})
        elif first + len(page) < len(found):
            links.append(
                {
                    "rel": "next",
                    "href": f"{self.url}/stac/search",
                    "method": "POST",
                    "type": "application/geo+json",
                    "body": {"token": str(first + len(page))},
                    "merge": True,
                }  # fmt: skip
            )
        return {"type": "FeatureCollection", "features": [self.absolute(item) for item in page], "links": links}

    def absolute(self, item):
        assets = {name: asset | {"href": self.url + asset["href"]} for name, asset in item["assets"].items()}
        return item | {"assets": assets}

    def json(self, content):
        return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()

    def bytes_of_files(self):
        """Bytes sent of files alone."""
        return sum(count for path, count in self.sent.items() if path in self.files)
