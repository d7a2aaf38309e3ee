# What the report's front page is made of.

# tables that only some sites have
OVERVIEW_MORE = {"truth": "truth_check.csv", "retreat": "glacier_retreat_rate.csv"}


def more_tables(study, site):
    """Names of the tables of `OVERVIEW_MORE` that a site has."""
    truth = ["truth"] if is_simulated(study, site) else []
    return truth + (["retreat"] if study == "glacier" and has_elevation(site) else [])


def overview_sites():
    """Study, name, whether it is simulated, and names of its tables, of each site that has these tables."""
    return [
        [study, site, is_simulated(study, site), [*entry.overview, *more_tables(study, site)]]
        for study, entry in STUDIES.items()
        for site in sites(study)
        if {f"results/{study}/{site}/{name}" for name in entry.overview.values()} <= set(results_of(study))
    ]


def overview_tables():
    """Paths of the tables of these sites, in the same order."""
    return [
        f"results/{study}/{site}/{(STUDIES[study].overview | OVERVIEW_MORE)[name]}"
        for study, site, _, names in overview_sites()
        for name in names
    ]


def first_tables():
    """Tables of the rules that open every input of the sites of the studies; a glacier site has its own check."""
    return [
        path
        for study, entry in STUDIES.items()
        for site in sites(study)
        for name in entry.opened
        if (path := f"results/{study}/{site}/{name}") in results_of(study)
    ]
