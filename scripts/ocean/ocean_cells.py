"""Check a data set before long computations, divide its ocean into cells, and find the coast.

Writes ``inputs.csv``, one row per field (variable, unit and conversion, months and missing months, range, and how
times, levels and positions were read), and ``cells.nc``: cells with their ocean areas and windows, the
coast, and ``point_is_ocean``, the points used by all later jobs.
"""

from climate_indicators.core.atomic_files import write_csv
from climate_indicators.core.log import start_log
from climate_indicators.geo.netcdf import write_fields
from climate_indicators.ocean.biomes.cells import make_cells
from climate_indicators.ocean.biomes.membership import cells_dataset
from climate_indicators.ocean.reader.dataset import OceanData

log = start_log(snakemake.log[0], snakemake.rule)
with OceanData.open(snakemake.params.data) as data:
    table = data.survey().table
    cells = make_cells(data.lat, data.lon, data.rectilinear, **snakemake.params.cells)
    dataset = cells_dataset(cells, data.lat, data.lon, data.ocean, data.area_m2)
    dataset["point_is_ocean"] = (("y", "x"), data.ocean.astype("int8"), {"long_name": "ocean points of the data"})
log.info("%d ocean points in %d cells", int(data.ocean.sum()), int((dataset.area_km2 > 0).sum()))
write_csv(table, snakemake.output.table)
write_fields(dataset, snakemake.output.cells)
