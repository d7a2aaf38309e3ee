"""Summary over all sites of a study: skill of the network relative to other models."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

AVERAGED = ("f1", "precision", "recall", "accuracy", "ece")


def skill_summary(metrics: Mapping[str, pd.DataFrame], network: str = "unet") -> pd.DataFrame:
    """Mean and range of the skill of each model over sites, and of its difference from the network at the same sites.

    Parameters
    ----------
    metrics : for each site, its table of `climate_indicators.stats.metrics.Evaluation`.
    network : model that the others are compared with.

    Returns
    -------
    Table ``model, split, n_sites, iou_mean, iou_min, iou_max, f1_mean, precision_mean, recall_mean, accuracy_mean,
    ece_mean, iou_gain_mean, iou_gain_min, iou_gain_max``. The difference is the network's IoU
    minus the model's; it is NaN in the network's own row.

    Raises
    ------
    ValueError
        If a site has no row of the network.
    """
    rows = _with_iou_gain(metrics, network)
    groups = rows.groupby(["model", "split"], sort=False)
    columns = {"n_sites": groups.size()}
    columns |= {f"iou_{name}": groups.iou.agg(name) for name in ("mean", "min", "max")}
    columns |= {f"{metric}_mean": groups[metric].mean() for metric in AVERAGED}
    columns |= {f"iou_gain_{name}": groups.iou_gain.agg(name) for name in ("mean", "min", "max")}
    return pd.DataFrame(columns).reset_index()


def skill_by_site(metrics: Mapping[str, pd.DataFrame], pool: Collection[str], network: str = "unet") -> pd.DataFrame:
    """Skill of each model at each site, for one network trained on some or all of the sites.

    Parameters
    ----------
    metrics : for each site, its table of `climate_indicators.stats.metrics.Evaluation`.
    pool : training sites of the network.
    network : model that the others are compared with.

    Returns
    -------
    The tables below each other, with ``site`` and ``in_pool`` before. ``iou_gain`` is the network's IoU minus
    the model's at the same site and split, NaN in the network's own row.

    Raises
    ------
    ValueError
        If a site has no row of the network.
    """
    rows = _with_iou_gain(metrics, network)
    rows.insert(1, "in_pool", rows.site.isin(list(pool)))
    return rows.reset_index(drop=True)


def _with_iou_gain(metrics: Mapping[str, pd.DataFrame], network: str) -> pd.DataFrame:
    """Tables of all sites with ``site`` and, as ``iou_gain``, the network's IoU minus the row's."""
    lacking = [site for site, table in metrics.items() if network not in set(table.model)]
    if lacking:
        raise ValueError(f"the metrics of {', '.join(lacking)} have no model '{network}'")
    rows = pd.concat(metrics, names=["site", None]).reset_index(level="site")
    own = rows[rows.model == network].set_index(["site", "split"]).iou
    rows["iou_gain"] = pd.MultiIndex.from_frame(rows[["site", "split"]]).map(own) - rows.iou
    rows.loc[rows.model == network, "iou_gain"] = float("nan")
    return rows
