"""The loss of a live run over its three stages."""

import style

TRAINED = {
    "stage1": ("Stage 1", "adaptor"),
    "stage2": ("Stage 2", "adaptor, decoder"),
    "stage3": ("Stage 3", "adaptor, decoder, SigLIP"),
}
LINES = {"image": ("image and text", "blue"), "text": ("text alone", "orange")}


def draw(ink):
    run = style.result("tiny-live")["run"]
    curves, spent = run["curves"], run["minutes"]
    figure = style.figure(ink, 8.2, 2.7)
    axes = figure.subplots(
        1,
        3,
        sharey=True,
        width_ratios=[max(line["step"] for lines in curves[s].values() for line in lines) for s in TRAINED],
    )
    for axis, (stage, (title, trained)) in zip(axes, TRAINED.items(), strict=True):
        for kind, (label, hue) in LINES.items():
            lines = curves[stage][kind]
            if lines:
                axis.plot(
                    [line["step"] for line in lines], [line["loss"] for line in lines], color=ink.colors[hue],
                    linewidth=1.2 if kind == "image" else 0.8, linestyle="-" if kind == "image" else ":", label=label,
                )  # fmt: skip
        axis.set_title(f"{title}: {spent[stage]:.1f} min\ntrains {trained}", fontsize=8.5)
        axis.set(xlabel="step", ylim=(0, 6))
        axis.grid(axis="y", linewidth=0.5)
    axes[0].set_ylabel("loss, nats per token")
    axes[2].legend(loc="upper right", fontsize=8)
    return figure


if __name__ == "__main__":
    style.main(draw, __file__)
