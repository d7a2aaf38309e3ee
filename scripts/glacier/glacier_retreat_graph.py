"""Draw glacier area by year with intervals, flagged years, and the trend with its sentence."""

from climate_indicators.core.log import start_log
from climate_indicators.core.tables import read_table
from climate_indicators.plotting.glacier.area_series import retreat_figure
from climate_indicators.plotting.style import save_figure

start_log(snakemake.log[0], snakemake.rule)
areas, trend = read_table(snakemake.input.areas), read_table(snakemake.input.trend)
figure = retreat_figure(areas, trend, snakemake.wildcards.site, snakemake.params.confidence)
save_figure(figure, snakemake.output.figure)
