"""A snow site whose weather is downloaded; its scenes and its area are the caller's files."""

VARIABLES = ["temperature_2m_max", "precipitation_sum"]


def snow_site():
    weather = {"archive": "open_meteo", "first": "2019-01-01", "last": "2020-06-30"}
    return {"source": "files", "scenes_table": "scenes.csv", "aoi": "hut.gpkg", "weather": weather}
