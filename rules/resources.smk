# Memory and time of jobs, and the configured environment file.


def input_mb(paths):
    """Size of a job's inputs, including the content of folders; unknown (`<TBD>`) while an input does not exist."""
    size = 0
    for path in paths:
        size += os.stat(path).st_size
        size += sum(os.lstat(Path(folder, name)).st_size for folder, _, names in os.walk(path) for name in names)
    return size / 1e6


def memory(base_mb, per_input_mb=0):
    """Resource function: megabytes of a job, more with each attempt.

    Images, fields and patches are read in strips, windows and months, so memory does not depend on their size
    (docs/reference/benchmarks.md). Masks and outlines of a whole scene take up to 13 bytes per pixel; `base_mb` is
    sufficient up to a Sentinel-2 tile. `per_input_mb`, for each megabyte of the inputs, is for rules that load such masks
    and have the scene as input.
    """
    return lambda wildcards, input, attempt: attempt * round(
        base_mb + (per_input_mb and per_input_mb * input_mb(input))
    )


def minutes(base, per_input_gb=0):
    """Resource function: minutes of a job, more with each attempt.

    `per_input_gb`, for each gigabyte of the inputs, is for rules that read all of them. It is three to ten times the
    time on two slow cores (docs/reference/benchmarks.md), because nodes and disks are shared. For training, it covers
    all epochs.
    """
    return lambda wildcards, input, attempt: attempt * round(
        base + (per_input_gb and per_input_gb * input_mb(input) / 1000)
    )


def tensorflow_env(path):
    """Environment file with the configured build of TensorFlow; `path` is the file for CPUs."""
    return path.replace(".yaml", {"cpu": ".yaml", "gpu": "-gpu.yaml"}[config["deep_learning_env"]])
