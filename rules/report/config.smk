# Tables for the front page of the report.

# tables of only some sites
OVERVIEW_MORE = {"truth": "truth_check.csv", "retreat": "glacier_retreat_rate.csv"}


def more_tables(study, site):
    """Names of the tables of `OVERVIEW_MORE` that a site has."""
    truth = ["truth"] if is_simulated(study, site) else []
    return truth + (["retreat"] if study == "glacier" and has_elevation(site) else [])


def overview_sites():
    """Study, name, whether it is synthetic, and table names of each site that has these tables."""
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
    """Tables of the rules that open every input of a site; glacier sites have their own check."""
    return [
        path
        for study, entry in STUDIES.items()
        for site in sites(study)
        for name in entry.opened
        if (path := f"results/{study}/{site}/{name}") in results_of(study)
    ]
