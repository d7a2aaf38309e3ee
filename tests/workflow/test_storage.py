"""Snakemake's default storage provider is refused at the start, with the reason."""

import pytest

from runs import SMALL, run

pytestmark = pytest.mark.slow
# a storage plugin as Snakemake finds it, which is never asked for a file
PLUGIN = """
from snakemake_interface_storage_plugins.storage_object import StorageObjectRead, StorageObjectWrite
from snakemake_interface_storage_plugins.storage_provider import StorageProviderBase


class StorageProvider(StorageProviderBase):
    example_queries = is_valid_query = rate_limiter_key = use_rate_limiter = default_max_requests_per_second = None


class StorageObject(StorageObjectRead, StorageObjectWrite):
    pass
"""


def test_a_default_storage_provider_is_refused_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "plugins" / "snakemake_storage_plugin_elsewhere").mkdir(parents=True)
    (tmp_path / "plugins" / "snakemake_storage_plugin_elsewhere" / "__init__.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "plugins"))
    storage = ["--default-storage-provider", "elsewhere", "--default-storage-prefix", "bucket"]
    text, passed = run(tmp_path, SMALL, "--dry-run", *storage)
    assert not passed and "Building DAG" not in text
    for word in ("--default-storage-provider cannot be used", "parameters", "docs/howto/cluster.md"):
        assert word in text, text
