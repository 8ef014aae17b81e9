"""The live page in a Chromium: seconds until it is there, bytes until then, and steps a second.

`python -m benchmarks.page`, after `make page`. Needs a Chromium on the path. Each load has a cold cache and a server on
this machine; CPU seconds are those of all processes of the browser, and do not depend on what else runs.
"""

import statistics
import sys
from pathlib import Path

from benchmarks import report
from ntm_lib.study.tables import aligned

sys.path.append(str(Path(__file__).parent.parent / "tests" / "browser"))

from served import chromium, opened, server

LOADS = 5
ROWS = (40, 200, 1000, 4016)
"""Rows of the memory at which steps are counted; 4,016 are those of the longest text."""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
BEGAN = "() => performance.getEntriesByName('machine-ready')[0].startTime / 1000"
SIZES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((one) => one.responseEnd <= performance.getEntriesByName("machine-ready")[0].startTime)
  .map((one) => [one.name, one.encodedBodySize])"""
STEPS = """async ([rows, count]) => {
  const { machines, load } = window.ntm;
  const machine = await load(machines[0]);
  const x = new Float32Array(machine.about.inputs);
  let state = await machine.start(rows);
  const started = performance.now();
  for (let step = 0; step < count; step++) state = (await machine.step(x, state)).state;
  return (performance.now() - started) / 1000;
}"""
"""Seconds of some steps."""


def cpu_seconds(browser) -> float:
    """Seconds that all processes of a browser have computed."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return sum(one["cpuTime"] for one in processes)


def load(address: str) -> dict:
    """Load the page once in a new browser."""
    with chromium() as browser, opened(browser, address, reduced_motion="reduce") as page:
        sizes = dict(page.evaluate(SIZES))
        return {
            "first_paint": page.evaluate(PAINTED),
            "machine_ready": page.evaluate(BEGAN),
            "cpu_seconds": cpu_seconds(browser),
            "bytes": sum(size for name, size in sizes.items() if not name.endswith(".wasm")),
            "wasm_bytes": sum(size for name, size in sizes.items() if name.endswith(".wasm")),
        }


def steps(address: str) -> list[dict]:
    """Count steps a second, by the clock and by the CPU."""
    results = []
    with chromium() as browser, opened(browser, address, reduced_motion="reduce") as page:
        for rows in ROWS:
            page.evaluate(STEPS, [rows, 100])
            count, before = max(200, 200_000 // rows), cpu_seconds(browser)
            seconds = page.evaluate(STEPS, [rows, count])
            computed = cpu_seconds(browser) - before
            results.append({"rows": rows, "steps": count, "seconds": seconds, "cpu_seconds": computed})
    return results


def main() -> None:
    """Measure, keep and print."""
    with server() as address:
        loads, stepped = [load(address) for _ in range(LOADS)], steps(address)
    report.keep("page", "python -m benchmarks.page", {"loads": loads, "steps": stepped})
    middle = {name: statistics.median(one[name] for one in loads) for name in loads[0]}
    print(aligned([["a load, median", ""], *[[name, value] for name, value in middle.items()]]))
    rates = [[one["rows"], one["steps"] / one["seconds"], one["steps"] / one["cpu_seconds"]] for one in stepped]
    print(aligned([["rows", "steps a second", "steps a CPU second"], *rates]))


if __name__ == "__main__":
    main()
