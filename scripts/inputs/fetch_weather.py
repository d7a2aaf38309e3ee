"""Download daily weather of a place from the Open-Meteo archive, cached by year, in Open-Meteo's export format."""

from climate_indicators.core.errors import error_context
from climate_indicators.core.log import start_log
from climate_indicators.download.http.session import RetryPolicy, Session
from climate_indicators.download.weather.open_meteo import WeatherRequest, fetch_weather, place_of

log = start_log(snakemake.log[0], snakemake.rule)
params = snakemake.params
aoi = snakemake.input.aoi[0] if snakemake.input.aoi else None
policy = RetryPolicy.from_config(snakemake.config["archives"])
asked = {key: params.weather[key] for key in ("first", "last", "timezone", "model")}
with error_context(f"snow site '{snakemake.wildcards.site}'"), Session(policy) as session:
    given = params.weather["latitude"], params.weather["longitude"]
    latitude, longitude = place_of(*given, aoi, params.aoi_layer)
    request = WeatherRequest(latitude=latitude, longitude=longitude, variables=tuple(params.variables), **asked)
    fetched = fetch_weather(session, params.url, request, params.kept, snakemake.output.table)
log.info("%d years downloaded, the others were cached; weather of %g, %g", fetched, latitude, longitude)
