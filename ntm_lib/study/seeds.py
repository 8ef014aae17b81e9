"""Seeds of a study in short: `0-99` or `3,5,8-12`."""

import re

from ntm_lib.machine.validate import MOST_SEEDS

MOST_RUNS = 100_000
"""Seeds in one study: two days of `reliable` on two cores."""


def parse_seeds(text: str) -> list[int]:
    """The seeds of a text such as "0-2,7" -> [0, 1, 2, 7].

    Raises ValueError for any other text, for seeds that no run may have, and for more than `MOST_RUNS` of them.
    """
    spans: list[range] = []
    for part in text.split(","):
        found = re.fullmatch(r"([0-9]{1,10})(?:-([0-9]{1,10}))?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last < MOST_SEEDS:
            raise ValueError(
                f"seeds are {text!r}: expected whole numbers below {MOST_SEEDS:,}, and ranges that rise, such as 0-99"
                " or 3,5,8-12"
            )
        spans.append(range(first, last + 1))
    number = sum(map(len, spans))
    if number > MOST_RUNS:
        raise ValueError(f"seeds are {text!r}, {number:,} of them: expected at most {MOST_RUNS:,} in one study")
    return list(dict.fromkeys(seed for span in spans for seed in span))
