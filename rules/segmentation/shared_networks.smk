# Functions for studies with one network for all sites.
from climate_indicators.config.pools import POOLED, has_images

# every name except that of the pooled sites, for results of a single site
ONE_SITE = f"(?!{POOLED}/)[a-z][a-z0-9_]*"


def image_sites(study):
    return [name for name, site in sites(study).items() if has_images(site)]


def pool_of(study):
    """Sites used to train the shared network of a study, by name; empty if each site has its own network."""
    training = config.get(study, {}).get("training", {})
    return sorted(training["pool"] or image_sites(study)) if training.get("sites") == POOLED else []


POOLS = {study: pool_of(study) for study in IMAGE_STUDIES.split("|")}


def pooled_studies():
    """Wildcard pattern of studies with one network for all sites; matches nothing if there are none."""
    return pattern_of(study for study, pool in POOLS.items() if pool)


def training_settings(wildcards):
    """Training settings without the list of sites, which the patches determine."""
    training = config[wildcards.study]["training"]
    return {key: value for key, value in training.items() if key not in ("sites", "pool", "patches_per_site")}


def constant_bands(wildcards):
    """Number of trailing channels without level augmentation; the same for all pooled sites."""
    site = POOLS[wildcards.study][0] if wildcards.site == POOLED else wildcards.site
    return len(sites(wildcards.study)[site].get("terrain_bands", []))


def network_of(study=None):
    """Input function: folder of the network for a site, its own or the shared one."""

    def folder(wildcards):
        of = study or wildcards.study
        return f"results/{of}/{POOLED if POOLS[of] else wildcards.site}/model"

    return folder


def network_check_of(study=None):
    """Input function: check of the network for a site."""
    folder = network_of(study)
    return lambda wildcards: folder(wildcards).removesuffix("model") + "network_check.csv"


def real_places(wildcards):
    """Sites of the shared network with a real location; synthetic sites and images have none."""
    places = [] if wildcards.study == "carbon" else POOLS[wildcards.study]
    return [site for site in places if not is_simulated(wildcards.study, site)]


def with_one_network(study, results):
    """Results of a study; results of a shared network are listed once instead of once per site."""
    if not POOLS[study]:
        return results
    files = ["model", "training_metrics.csv" if study == "carbon" else "history.csv", "learning_curve.png"]
    of_sites = {f"results/{study}/{site}/{name}" for site in sites(study) for name in files}
    shared = [f"results/{study}/{POOLED}/{name}" for name in (*files, "patches.png", "pool.csv", "skill_by_site.csv")]
    return [path for path in results if path not in of_sites] + shared
