# Paths that Snakemake prefixes in a module, and user files with digests that detect changes.
# In a module with a prefix, Snakemake changes the paths of inputs, outputs and logs, but not those in parameters.
PLACES = workflow.modifier.path_modifier


def with_module_prefix(value):
    """Parameter with the module prefix on paths in `resources/` and `results/`, or a function that returns one."""
    if callable(value):
        return lambda wildcards: with_module_prefix(value(wildcards))
    if isinstance(value, dict):
        return {key: with_module_prefix(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_module_prefix(item) for item in value]
    is_own = isinstance(value, str) and value.startswith(("resources/", "results/"))
    return PLACES.replace_prefix(value) if is_own else value


# paths of the user's files and folders that have been requested so far
USER_FILES = set()


def literal(path):
    """Register a user's path; raises an error if Snakemake would interpret a part of it as a wildcard."""
    if contains_wildcard(path):
        raise WorkflowError(
            f"{path}: contains braces, which Snakemake interprets as a wildcard. "
            "Rename the file or folder without braces."
        )
    if not is_made_here(path):
        USER_FILES.add(path)
    return path


def is_made_here(path):
    """Whether a synthetic or downloaded site makes this file, which another site may also use."""
    top, study, site = (*Path(path).parts[:3], "", "", "")[:3]
    source = sites(study).get(site, {}).get("source") if top == "resources" else None
    return source in ("simulate", "archive")


def data_path(name):
    """Path of a user's file, relative to `data_dir`; absolute in a module with a prefix.

    `~` is the user's home folder.
    """
    if name is None:
        return None
    path = str(Path(config["data_dir"]).expanduser() / Path(name).expanduser())
    return literal(path if PLACES.replace_prefix(path) == path else os.path.abspath(path))


def data_paths(tile):
    """The same for a tile, which is a path or a mapping from band to path."""
    return {band: data_path(path) for band, path in tile.items()} if isinstance(tile, dict) else data_path(tile)


def files_below(path):
    """Files in a folder as single inputs (its own time does not show their changes), or the path itself."""
    if not os.path.isdir(path):
        return [path]
    return sorted(literal(str(inner)) for inner in Path(path).rglob("*") if inner.is_file())


def content_of(*inputs):
    """Parameter function: digests or dates of the user's files among some inputs of a rule.

    Snakemake repeats a job if inputs are newer than outputs or if parameters change. A user may replace a file by an
    older one, so user files are also represented as parameters.
    """

    def found(wildcards):
        named = (paths_in(one(wildcards) if callable(one) else one) for one in inputs)
        return marks(path for paths in named for path in paths if is_users(path))

    return found


def is_users(path):
    """Whether a file or folder is the user's, by its path or by that of a parent folder."""
    return not USER_FILES.isdisjoint([path, *map(str, Path(path).parents)])
