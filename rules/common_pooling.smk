# Look-ups for studies whose sites share one network.
from climate_indicators.config.segmentation_checks import POOLED, has_images

# every name but the one of all sites together, for what is made of a single site
ONE_SITE = f"(?!{POOLED}/)[a-z][a-z0-9_]*"


def image_sites(study):
    return [name for name, site in sites(study).items() if has_images(site)]


def pool_of(study):
    """Sites that the study's one network learns from, by name; none where each site has its own network."""
    training = config.get(study, {}).get("training", {})
    return sorted(training["pool"] or image_sites(study)) if training.get("sites") == POOLED else []


POOLS = {study: pool_of(study) for study in IMAGE_STUDIES.split("|")}


def pooled_studies():
    """Studies whose sites share a network, as a pattern of the wildcard; one that nothing matches if there are none."""
    return "|".join(study for study, pool in POOLS.items() if pool) or "(?!)"


def training_settings(wildcards):
    """How a network learns, without which sites it learns from: that is told by its patches."""
    training = config[wildcards.study]["training"]
    return {key: value for key, value in training.items() if key not in ("sites", "pool", "patches_per_site")}


def constant_bands(wildcards):
    """Number of last channels whose level is not augmented; all sites of a pool have the same."""
    site = POOLS[wildcards.study][0] if wildcards.site == POOLED else wildcards.site
    return len(sites(wildcards.study)[site].get("terrain_bands", []))


def network_of(study=None):
    """Input function: folder of the network that maps a site, its own or that of all sites."""

    def folder(wildcards):
        of = study or wildcards.study
        return f"results/{of}/{POOLED if POOLS[of] else wildcards.site}/model"

    return folder


def network_check_of(study=None):
    """Input function: check of the network that maps a site."""
    folder = network_of(study)
    return lambda wildcards: folder(wildcards).removesuffix("model") + "network_check.csv"


def real_places(wildcards):
    """Sites that the study's one network learns from and that lie somewhere: simulated ones, and images, do not."""
    places = [] if wildcards.study == "carbon" else POOLS[wildcards.study]
    return [site for site in places if not is_simulated(wildcards.study, site)]


def with_one_network(study, results):
    """Results of a study, what a network leaves once instead of once a site where the sites share it."""
    if not POOLS[study]:
        return results
    files = ["model", "training_metrics.csv" if study == "carbon" else "history.csv", "learning_curve.png"]
    of_sites = {f"results/{study}/{site}/{name}" for site in sites(study) for name in files}
    shared = [f"results/{study}/{POOLED}/{name}" for name in (*files, "patches.png", "pool.csv", "skill_by_site.csv")]
    return [path for path in results if path not in of_sites] + shared
