"""Draw maps of the three slopes and of the coefficient of determination in the reference month."""

from climate_indicators.core.log import start_log
from climate_indicators.geo.netcdf import read_fields
from climate_indicators.ocean.biomes.regression import Status
from climate_indicators.plotting.ocean.biome_maps import slope_maps_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
month = snakemake.params.month
fields = read_fields(snakemake.input.slopes[0]).sel(time=f"{month}-01")
fields = fields.where(fields.status == Status.KEPT)
save_figure(slope_maps_figure(read_fields(snakemake.input.cells), fields, month), snakemake.output.figure)
