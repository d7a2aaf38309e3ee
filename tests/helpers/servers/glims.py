"""A server that answers as the web feature service of GLIMS does: GeoJSON, a page at a time."""

import json
import re
from urllib.parse import parse_qs

from shapely.geometry import box, shape

from servers.faulty import Faulty


class GlimsServer(Faulty):
    """Serves ``/geoserver/ows`` over GeoJSON features with ``glac_id, anlys_id, src_date, line_type``."""

    def __init__(self, features):
        super().__init__()
        self.features = features

    @property
    def endpoint(self):
        return f"{self.url}/geoserver/ows"

    def answer(self, path, query, headers):
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if asked["typeName"] != "GLIMS:GLIMS_Glacier_Outlines":
            return 200, {"Content-Type": "text/xml"}, b"<ServiceException>Feature type unknown</ServiceException>"
        if "cql_filter" in asked:
            names = set(re.findall(r"'(\w+)'", asked["cql_filter"]))
            found = [one for one in self.features if one["properties"]["glac_id"] in names]
        else:
            area = box(*map(float, asked["bbox"].split(",")))
            found = [one for one in self.features if shape(one["geometry"]).intersects(area)]
        found.sort(key=lambda one: one["properties"]["anlys_id"])
        start = int(asked["startIndex"])
        content = {
            "type": "FeatureCollection",
            "totalFeatures": len(found),
            "features": found[start : start + int(asked["maxFeatures"])],
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()
