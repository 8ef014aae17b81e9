"""`python -m benchmarks [step learn hourly scale longest readme earlier]`: those named, or all but the last three.

Each prints a table and writes results/NAME.json.
"""

import sys

from benchmarks import earlier, hourly, learn, readme, scale, step


def main() -> None:
    """Run what the command line names."""
    names = sys.argv[1:] or ["step", "learn", "hourly", "scale"]
    if names[0] == "scale" and len(names) > 1 and names[1] in ("copy", "update"):
        scale.main(names[1:])
        return
    calls = {
        "step": step.main,
        "learn": learn.main,
        "hourly": hourly.main,
        "scale": lambda: scale.main([]),
        "longest": scale.longest,
        "readme": readme.main,
        "earlier": earlier.main,
    }
    for name in names:
        if name not in calls:
            sys.exit(f"benchmark is {name!r}: expected one of {', '.join(calls)}")
        print(f"\n{name}\n")
        calls[name]()


if __name__ == "__main__":  # a study's worker processes import this module
    main()
