"""Seeds of a study in short: `0-99` or `3,5,8-12`."""

import re
from collections.abc import Sequence

from ntm_lib.machine.validate import MOST_SEEDS

MOST_RUNS = 100_000
"""Seeds in one study: two days of `reliable` on two cores."""


def seeds_text(seeds: Sequence[int]) -> str:
    """Seeds in short: [0, 1, 2, 7] -> "0-2,7"."""
    spans: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def parse_seeds(text: str) -> list[int]:
    """The seeds of a text such as "0-2,7" -> [0, 1, 2, 7].

    Raises ValueError for any other text, for seeds that no run may have, and for more than `MOST_RUNS` of them.
    """
    if not re.fullmatch(r"[0-9]{1,20}(-[0-9]{1,20})?(,[0-9]{1,20}(-[0-9]{1,20})?)*", text):
        raise ValueError(f"seeds are {text!r}: expected whole numbers and ranges, such as 0-99 or 3,5,8-12")
    spans = [(int(first), int(last or first)) for first, last in re.findall(r"(\d+)(?:-(\d+))?", text)]
    for first, last in spans:
        if first > last:
            raise ValueError(f"seeds are {text!r}: expected ranges that rise; {first}-{last} falls")
        if last >= MOST_SEEDS:
            raise ValueError(f"seeds are {text!r}: expected numbers below {MOST_SEEDS:,}")
    number = sum(last - first + 1 for first, last in spans)
    if number > MOST_RUNS:
        raise ValueError(f"seeds are {text!r}, {number:,} of them: expected at most {MOST_RUNS:,} in one study")
    return list(dict.fromkeys(seed for first, last in spans for seed in range(first, last + 1)))
