"""Show the progress of the newest run in a folder: jobs of every site, training epochs, failures, time left.

Reads only the logs of Snakemake and of the rules. It works during and after a run, on this machine or on a cluster, and
needs only Python.
"""

import argparse
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from climate_indicators.core.errors import InputError
from climate_indicators.workflow_tools.state import describe, read_state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", default=".", help="folder in which snakemake was called; default: the current folder"
    )
    parser.add_argument("--watch", type=float, metavar="SECONDS", help="refresh interval in seconds until the run ends")
    parser.add_argument(
        "--sites", type=int, default=40, help="with more sites than this, list only those in progress (40)"
    )
    options = parser.parse_args()
    while True:
        state = read_state(options.folder, datetime.now())
        # clear the screen and move to the upper left corner
        print("\033[2J\033[H" if options.watch and sys.stdout.isatty() else "", end="")
        print(describe(state, options.sites), flush=True)
        if not options.watch or state.run.ended:
            return
        time.sleep(options.watch)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a closed pipe, for example `| head`, is not an error
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
