"""Every kind of picture the data holds as plain data: to a dictionary, and back.

Each is a frozen dataclass that can be edited and drawn again at any size: a counterfactual is an edit.
"""

from .charts import Table
from .instructions.drawing import Drawing
from .markdownpage import MarkdownPage
from .plots import Chart
from .webpage import WebPage
from .world import Scene

KINDS = {
    "scene": Scene,
    "chart": Chart,
    "table": Table,
    "web-page": WebPage,
    "markdown-page": MarkdownPage,
    "drawing": Drawing,
}


def to_dict(picture):
    """A picture as plain nested dictionaries, ready for json; "picture" names its kind.

    Raises TypeError for any other sort of image.
    """
    for kind, of in KINDS.items():
        if isinstance(picture, of):
            return {"picture": kind, **picture.to_dict()}
    raise TypeError(f"{type(picture).__name__} is no picture of plain data; these are: {', '.join(KINDS)}")


def from_dict(data):
    """The inverse of `to_dict`; what names no kind is a scene.  Raises ValueError for a kind that does not exist."""
    fields = dict(data)
    kind = fields.pop("picture", "scene")
    if kind not in KINDS:
        raise ValueError(f"no kind of picture {kind!r}; the kinds are {', '.join(KINDS)}")
    return KINDS[kind].from_dict(fields)
