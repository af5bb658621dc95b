"""Recall over cost: one line a policy, one point a budget."""

from collections.abc import Mapping
from pathlib import Path

_DOLLARS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
_LABELS = {2000: "2k", 4000: "4k", 8000: "8k", 16_000: "16k"}


def plot(points: Mapping[tuple[str, int], tuple[float, float]], path: Path) -> None:
    """`points` are US$ for 1,000 requests and recall, by policy and budget."""
    import matplotlib as mpl

    mpl.use("svg" if path.suffix == ".svg" else "agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FixedLocator, NullLocator

    plt.rcParams["svg.hashsalt"] = "parley"
    figure, axes = plt.subplots(figsize=(9, 4.5))
    for policy in dict.fromkeys(policy for policy, _ in points):
        line = sorted((budget, *points[name, budget]) for name, budget in points if name == policy)
        if policy == "full history":
            line = line[:1]
        ours = policy.startswith("Parley")
        axes.plot(
            [cost for _, cost, _ in line],
            [recall for _, _, recall in line],
            marker="o",
            linewidth=2.5 if ours else 1.2,
            label=policy,
        )
        if policy in ("Parley", "sliding window"):
            for budget, cost, recall in line:
                label = _LABELS.get(budget, str(budget))
                axes.annotate(label, (cost, recall), textcoords="offset points", xytext=(7, -11))
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_DOLLARS))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("US$ for 1,000 requests (input, gpt-5-mini with its prompt cache)")
    axes.set_ylabel("evidence in the prompt")
    axes.set_ylim(0, 1.05)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
