# What the report's front page is made of.

# tables of a site that the overview reads, by study
OVERVIEW_TABLES = {
    "glacier": {"areas": "glacier_area_by_year.csv", "trend": "trend.csv"},
    "snow": {"conclusions": "conclusions.csv"},
    "carbon": {"trend": "trend_analysis.csv"},
    "ocean": {"trend": "trend.csv"},
}


# tables that only some sites have
OVERVIEW_MORE = {"truth": "truth_check.csv", "retreat": "glacier_retreat_rate.csv"}


def more_tables(study, site):
    """Names of the tables of `OVERVIEW_MORE` that a site has."""
    truth = ["truth"] if is_simulated(study, site) else []
    return truth + (["retreat"] if study == "glacier" and has_elevation(site) else [])


def overview_sites():
    """Study, name, whether it is simulated, and names of its tables, of each site that has these tables."""
    results = set(snow_results())
    return [
        [study, site, is_simulated(study, site), [*tables, *more_tables(study, site)]]
        for study, tables in OVERVIEW_TABLES.items()
        for site in sites(study)
        if study != "snow" or f"results/snow/{site}/conclusions.csv" in results
    ]


def overview_tables():
    """Paths of the tables of these sites, in the same order."""
    return [
        f"results/{study}/{site}/{(OVERVIEW_TABLES[study] | OVERVIEW_MORE)[name]}"
        for study, site, _, names in overview_sites()
        for name in names
    ]


def first_tables():
    """Tables of the rules that open every input of the sites of the other studies."""
    opened = {
        "snow": ["scenes.csv", "weather_summary.csv"],
        "carbon": ["images.csv", "measurements.csv"],
        "ocean": ["inputs.csv"],
    }
    made = {*snow_results(), *carbon_results(), *ocean_results()}
    tables = [
        f"results/{study}/{site}/{name}" for study, names in opened.items() for site in sites(study) for name in names
    ]
    return [table for table in tables if table in made]
