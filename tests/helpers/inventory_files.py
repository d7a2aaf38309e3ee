"""Files as inventories of glaciers publish them."""

import zipfile

import geopandas as gpd
from shapely.geometry import box


def rgi_zip(folder, column="RGIId", form="RGI60-15.{:05d}", name="15_rgi60_SouthAsiaEast", inside=""):
    """A regional file of four square glaciers in a row, one in each tenth of a degree."""
    layer = gpd.GeoDataFrame(
        {column: [form.format(n) for n in range(4)], "Name": ["a", "b", "c", "d"]},
        geometry=[box(79 + n / 10, 30.8, 79.05 + n / 10, 30.85) for n in range(4)],
        crs="EPSG:4326",
    )
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    layer.to_file(folder / "parts" / f"{name}.shp")
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted((folder / "parts").glob(f"{name}.*")):
            archive.write(part, f"{inside}{part.name}")
        archive.writestr(f"{inside}{name}_hypso.csv", "x")
    return path
