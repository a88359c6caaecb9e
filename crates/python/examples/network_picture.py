"""The picture of ``network.py``: the curves of the losses, and bars of the times. Readable on white and on black."""

import statistics
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

GREY = "#808891"
COLOURS = {"torch": "#e08a1e", "crosslane": "#2f7fd1", "without": GREY}
POINTS = 100  # of a curve: more make the file larger, and show nothing


def smoothed(losses: list[float]) -> tuple[list[float], list[float]]:
    """Return at most ``POINTS`` steps, and the mean loss around each."""
    width = -(-len(losses) // POINTS)
    starts = range(0, len(losses), width)
    return [start + (width + 1) / 2 for start in starts], [statistics.mean(losses[start : start + width]) for start in starts]


def curves(axes, results: dict) -> None:
    styles = {"without": {"linewidth": 1.5}, "torch": {"linewidth": 5, "alpha": 0.6}, "crosslane": {"linewidth": 1.5}}
    labels = {"without": "no cross product", "torch": "torch.linalg.cross", "crosslane": "crosslane.torch.gated_cross"}
    for name, style in styles.items():
        axes.plot(*smoothed(results["losses"][name]), color=COLOURS[name], label=labels[name], **style)
    axes.axhline(results["bound"], color=GREY, linewidth=1, linestyle=":", label="least error without cross products")
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_title("loss (mean squared error)", fontsize=10)
    axes.legend(frameon=False, loc="center right", fontsize=8, labelcolor=GREY)


def bars(axes, times: dict, title: str) -> None:
    names = ["torch", "crosslane"]
    drawn = axes.bar(names, [times[name] * 1e3 for name in names], color=[COLOURS[name] for name in names], width=0.6)
    axes.bar_label(drawn, [f"{times[name] * 1e3:.3g} ms" for name in names], padding=2, fontsize=9, color=GREY)
    axes.set_title(f"{title}\n{times['ratio']:.1f} times as fast", fontsize=10)
    axes.set_yticks([])
    axes.margins(y=0.12)


def draw(results: dict, file: Path) -> None:
    settings = {"svg.hashsalt": "crosslane", "svg.fonttype": "none", "font.family": "sans-serif"}
    settings |= {f"{part}.color": GREY for part in ("text", "xtick", "ytick")} | {"axes.labelcolor": GREY, "axes.edgecolor": GREY}
    with plt.rc_context(settings):
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.6), width_ratios=(2.4, 1, 1), layout="constrained")
        curves(left, results)
        bars(middle, results["step"], "whole training step")
        bars(right, results["product"], "its gated cross products")
        for axes in left, middle, right:
            axes.spines[["top", "right"]].set_visible(False)
            axes.patch.set_visible(False)
        figure.suptitle(results["machine"], fontsize=8)
        figure.savefig(file, metadata={"Date": None}, transparent=True)
        plt.close(figure)
