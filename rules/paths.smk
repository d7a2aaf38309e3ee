# Paths: those that Snakemake moves in a module, and the user's own files with what tells their contents apart.
# where Snakemake puts the files of a module that has a prefix: inputs, outputs and logs by itself, parameters never
PLACES = workflow.modifier.path_modifier


def with_module_prefix(value):
    """Parameter whose paths below `resources/` and `results/` are where Snakemake puts them; or the function of one."""
    if callable(value):
        return lambda wildcards: with_module_prefix(value(wildcards))
    if isinstance(value, dict):
        return {key: with_module_prefix(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_module_prefix(item) for item in value]
    is_own = isinstance(value, str) and value.startswith(("resources/", "results/"))
    return PLACES.replace_prefix(value) if is_own else value


# paths of the user's own files and folders, as far as anything has asked for them
USER_FILES = set()


def literal(path):
    """A user's path, noted as such; refused where Snakemake would take a part of it for a wildcard."""
    if contains_wildcard(path):
        raise WorkflowError(
            f"{path}: has a name in braces, which Snakemake takes for one of its wildcards. "
            "Rename the file or folder without braces."
        )
    if not is_made_here(path):
        USER_FILES.add(path)
    return path


def is_made_here(path):
    """Whether a site that is simulated or fetched makes this file, which another site may use as its own."""
    top, study, site = (*Path(path).parts[:3], "", "", "")[:3]
    source = sites(study).get(site, {}).get("source") if top == "resources" else None
    return source in ("simulate", "archive")


def data_path(name):
    """Path of a user's file, relative to `data_dir`; absolute in a module with a prefix, which is for its own files.

    `~` is the user's home folder.
    """
    if name is None:
        return None
    path = str(Path(config["data_dir"]).expanduser() / Path(name).expanduser())
    return literal(path if PLACES.replace_prefix(path) == path else os.path.abspath(path))


def data_paths(tile):
    """The same of a tile, which is a path, or a map of band and path."""
    return {band: data_path(path) for band, path in tile.items()} if isinstance(tile, dict) else data_path(tile)


def files_below(path):
    """Files in a folder, each an input of its own, since the time of a folder says nothing of them; or the path itself."""
    if not os.path.isdir(path):
        return [path]
    return sorted(literal(str(inner)) for inner in Path(path).rglob("*") if inner.is_file())


def content_of(*inputs):
    """Parameter function: what tells the user's own files among some inputs of a rule apart, by content or date.

    Snakemake runs a job anew for inputs that are newer than its outputs, and for parameters that are others. So files of
    the workflow are left to it, and the user's, which may be replaced by older ones, are parameters too.
    """

    def found(wildcards):
        named = (paths_in(one(wildcards) if callable(one) else one) for one in inputs)
        return marks(path for paths in named for path in paths if is_users(path))

    return found


def is_users(path):
    """Whether a file or folder is the user's own, by its path or by that of a folder around it."""
    return not USER_FILES.isdisjoint([path, *map(str, Path(path).parents)])
