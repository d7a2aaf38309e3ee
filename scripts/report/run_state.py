"""How far the newest run in a folder is: jobs of every site, epochs of trainings, failures, time left.

Reads what Snakemake and the rules write, and nothing else: it works beside a run on this machine or on a cluster, and
after it. Needs Python alone.
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
        "folder", nargs="?", default=".", help="folder in which snakemake was called; this one if left out"
    )
    parser.add_argument(
        "--watch", type=float, metavar="SECONDS", help="draw anew every so many seconds until the run ends"
    )
    parser.add_argument(
        "--sites", type=int, default=40, help="above so many sites only those under way are listed (40)"
    )
    options = parser.parse_args()
    while True:
        state = read_state(options.folder, datetime.now())
        # from the upper left corner of an empty screen
        print("\033[2J\033[H" if options.watch and sys.stdout.isatty() else "", end="")
        print(describe(state, options.sites), flush=True)
        if not options.watch or state.run.ended:
            return
        time.sleep(options.watch)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
