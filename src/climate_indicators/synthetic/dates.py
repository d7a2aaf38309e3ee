"""Days of the simulated scenes; standard library only, because the workflow calls it before any job."""

import datetime
import random


def date_of_year(year: int, seed: int) -> datetime.date:
    """Day of the scene of ``year``, in the second half of October, when the monsoon is over, fixed by the seed."""
    return datetime.date(year, 10, 14) + datetime.timedelta(days=random.Random(f"{seed} {year}").randrange(15))
