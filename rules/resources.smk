# Memory and time of jobs, and the environment file that the settings ask for.


def input_mb(paths):
    """Size of a job's inputs, folders with what is in them; an input that is yet to be made leaves it open (`<TBD>`)."""
    size = 0
    for path in paths:
        size += os.stat(path).st_size
        size += sum(os.lstat(Path(folder, name)).st_size for folder, _, names in os.walk(path) for name in names)
    return size / 1e6


def memory(base_mb, per_input_mb=0):
    """Resource function: megabytes of a job, more with each attempt.

    Images, fields and patches are read strip by strip, window by window and month by month: memory stays the same
    however large they are (docs/reference/benchmarks.md). Masks and outlines of a whole scene take up to 13 bytes a pixel, for which
    `base_mb` is enough up to a Sentinel-2 tile. `per_input_mb`, for each megabyte of the inputs, is for the rules that
    hold such masks and are given the scene itself, whose size tells that of the masks.
    """
    return lambda wildcards, input, attempt: attempt * round(
        base_mb + (per_input_mb and per_input_mb * input_mb(input))
    )


def minutes(base, per_input_gb=0):
    """Resource function: minutes of a job, more with each attempt.

    `per_input_gb`, for each gigabyte of the inputs, is for the rules that read all of them: three to ten times what two
    slow cores need (docs/reference/benchmarks.md), since nodes and their disks are shared; for training, of all its epochs.
    """
    return lambda wildcards, input, attempt: attempt * round(
        base + (per_input_gb and per_input_gb * input_mb(input) / 1000)
    )


def tensorflow_env(path):
    """The environment file for the build of TensorFlow that the settings ask for; `path` names that for processors."""
    return path.replace(".yaml", {"cpu": ".yaml", "gpu": "-gpu.yaml"}[config["deep_learning_env"]])
