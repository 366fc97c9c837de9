"""What the book adds to Jupyter Book: numbers in prose that nobody typed, our figures in both colour schemes, and one
repair to the theme."""

import sys
from pathlib import Path

from sphinx.directives.patches import Figure

sys.path.insert(0, str(Path(__file__).parent))
from claims import claims  # noqa: E402


def substitute(app, config):
    """{{ name }} in a page is looked up among the claims."""
    config.myst_substitutions = {**config.myst_substitutions, **claims()}


class Drawing(Figure):
    """```{drawing} NAME: a figure from figures/drawn, light or dark as the page is.  Options are those of `figure`."""

    def run(self):
        self.arguments[0] = f"../figures/drawn/{self.arguments[0]}.svg"
        made = super().run()
        (light,) = made[0].findall(lambda node: node.tagname == "image")
        dark = light.deepcopy()
        dark["uri"] = dark["uri"].removesuffix(".svg") + "-dark.svg"
        light["classes"].append("only-light")
        dark["classes"].append("only-dark")
        light.parent.insert(light.parent.index(light) + 1, dark)
        return made


def drop_copies(app, pagename, templatename, context, doctree):
    """sphinx-thebe 0.3 adds its inline script twice, and browsers report the second as an error."""
    seen, kept = set(), []
    for script in context.get("script_files", []):
        body = getattr(script, "attributes", {}).get("body") or ""
        if "THEBE_JS_URL" in body and body in seen:
            continue
        seen.add(body)
        kept.append(script)
    context["script_files"] = kept


def setup(app):
    app.add_directive("drawing", Drawing)
    app.connect("config-inited", substitute)
    app.connect("html-page-context", drop_copies, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
