"""Record whose values the shipped model says when it is asked for one of a chart's.

    python figures/record_chart_values.py       # writes figures/results/chart-values.json; a minute

An answer may be right within a tenth; or so near to some value of the chart, whichever was asked for; or so near to
some value of another chart of the same kind, with as many values and the same end of the axis.  What is hit of another
chart's is what an answer hits that fits such charts and has seen none of this one's values.  Pies of four are left out:
their values are always the same.
"""

import recorded

from dsvl_min import load
from dsvl_min.evaluation.tasks import answers, named, questions, score

SEED, ASK = 91, 2000


def alike(chart):
    """What two charts share whose values could be mistaken for each other."""
    return chart.kind, len(chart.values), chart.top


def hits(said, values, kind):
    """Whether an answer is near to any of some values: 0 or 1."""
    return max(score(said, str(value), kind) for value in values)


if __name__ == "__main__":
    (task,), (model, processor) = named(("chart values",)), load("tiny")
    asked = [one for one in questions(task, SEED, ASK) if alike(one[0].images[0])[:2] != ("pie", 4)]
    said, charts = answers(model, processor, asked), [made.images[0] for made, *_ in asked]
    groups = {}
    for place, chart in enumerate(charts):
        groups.setdefault(alike(chart), []).append(place)
    other = {}
    for places in groups.values():
        other |= dict(zip(places, places[1:] + places[:1], strict=True)) if len(places) > 1 else {}
    found = {}
    for many in sorted({len(charts[i].values) for i in other}):
        these = [i for i in other if len(charts[i].values) == many]
        found[many] = {
            "asked": len(these),
            "right": recorded.point([score(said[i], asked[i][2], task.score) for i in these]),
            "any": recorded.point([hits(said[i], charts[i].values, task.score) for i in these]),
            "another": recorded.point([hits(said[i], charts[other[i]].values, task.score) for i in these]),
        }
        print(many, found[many], flush=True)
    recorded.write(
        "chart-values",
        "Whose value does the shipped model say when it is asked for one of a chart's?",
        "python figures/record_chart_values.py",
        seeds=(SEED,),
        data={"asked": ASK, "values": found},
    )
