"""Many people in front of one endpoint, with and without shaping, in virtual time.

The server keeps RPM, TPM and concurrent calls with code of its own and answers 429 to whatever is beyond. People ask,
wait for at most a minute, read and ask again; together they want more than the limits allow. Run it with
`python -m benchmarks.shaping --plot docs/images/shaping.png`; an hour of theirs takes seconds.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.crowd import DEADLINE, LIMITS, PRIORITIES, Outcome, simulate
from benchmarks.endpoint import CONCURRENT, RPM, TPM, WARM_UP, Load

LOADS = (
    Load(name="requests", think=600, prompt=1500, output=300),
    Load(name="tokens", think=600, prompt=6000, output=300),
    Load(name="slots", think=600, prompt=1500, output=600, speed=30),
)
"""Named after the limit that is reached first."""


def show(shaped: Outcome, unshaped: Outcome) -> None:
    """Print both runs of one load."""
    print(f"\nLimit reached first: {shaped.load.name}")
    print(
        f"{'':18}{'429s':>8}{'used':>8}   "
        + "".join(f"{name + ': median, p95, turned away':>38}" for name in PRIORITIES)
    )
    for title, outcome in (("with shaping", shaped), ("without", unshaped)):
        cells = "".join(f"{_cell(outcome, name):>38}" for name in PRIORITIES)
        print(f"{title:18}{outcome.refusals:>8}{outcome.throughput:>8.1%}   {cells}")


def _cell(outcome: Outcome, name: str) -> str:
    waits, away = outcome.waits[name], outcome.away[name]
    if not waits:
        return f"- s, - s, {away}"
    return f"{statistics.median(waits):.1f} s, {_percentile(waits, 0.95):.1f} s, {away / (away + len(waits)):.0%}"


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def plot(shaped: Outcome, unshaped: Outcome, caption: str, file: Path) -> None:
    """How many of all turns had begun after how many seconds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for panel, outcome, title in zip(panels, (shaped, unshaped), ("With shaping", "Without"), strict=True):
        for name, colour in zip(PRIORITIES, ("#0b6e4f", "#e08e0b", "#b23a48"), strict=True):
            waits, away = sorted(outcome.waits[name]), outcome.away[name]
            turns = max(1, len(waits) + away)
            heights = [100 * (place + 1) / turns for place in range(len(waits))]
            label = f"{name} priority ({away / turns:.0%} turned away)"
            panel.step(
                [0, *waits, DEADLINE], [0, *heights, heights[-1] if heights else 0], colour, where="post", label=label
            )
        panel.set_title(f"{title}: {outcome.refusals:,} refusals (429), {outcome.throughput:.1%} of the limit used")
        panel.set_xlabel("seconds waited before the model began")
        panel.set_xlim(-1, DEADLINE)
        panel.set_ylim(0, 102)
        panel.grid(alpha=0.3)
        panel.legend(loc="center" if outcome is shaped else "lower right", framealpha=0.95)
    panels[0].set_ylabel("% of turns that had begun")
    figure.suptitle(f"{caption}, {RPM} requests and {TPM:,} tokens a minute, {CONCURRENT} at a time")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the first load as PNG or SVG")
    chosen = parser.parse_args()
    began = time.perf_counter()
    for load in LOADS:
        shaped, unshaped = (
            simulate(load, people=chosen.people, limits=limits, hours=chosen.hours) for limits in (LIMITS, None)
        )
        show(shaped, unshaped)
        if chosen.plot and load is LOADS[0]:
            hours = chosen.hours + WARM_UP / 3600
            plot(shaped, unshaped, f"{chosen.people:,} people for {hours:.2f} h", chosen.plot)
    print(f"\n{chosen.hours:g} h of {chosen.people} people, six times, in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
