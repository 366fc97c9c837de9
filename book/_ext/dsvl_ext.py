"""What the book adds to Jupyter Book: numbers in prose that nobody typed, our figures in both colour schemes, and two
repairs to what Jupyter Book renders."""

import re
import sys
from pathlib import Path

from sphinx.directives.patches import Figure

sys.path.insert(0, str(Path(__file__).parent))
from claims import claims  # noqa: E402

THEBE = re.compile(r"<script type=.text/x-thebe-config.>.*?</script>|<script>kernelName = [^<]*</script>", re.DOTALL)


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


def without_thebe(app, pagename, templatename, context, doctree):
    """Jupyter Book puts sphinx-thebe on every page; we don't use it, and it names a script on another host."""
    for kind in ("script_files", "css_files"):
        context[kind] = [
            file for file in context[kind] if "thebe" not in f"{file} {getattr(file, 'attributes', {}).get('body')}"
        ]
    context["body"] = re.sub(THEBE, "", context.get("body", ""))


def without_empty_headers(app, pagename, templatename, context, doctree):
    """Markdown tables need a header row; a cell left empty there is not a header, and a row of them is not a row."""
    body = re.sub(r"<thead>\s*<tr[^>]*>\s*(<th[^>]*>(<p></p>)?</th>\s*)+</tr>\s*</thead>", "", context.get("body", ""))
    context["body"] = re.sub(r"<th( [^>]*)?>(<p></p>)?</th>", r"<td\1></td>", body)


def setup(app):
    app.add_directive("drawing", Drawing)
    app.connect("config-inited", substitute)
    app.connect("html-page-context", without_thebe, priority=900)
    app.connect("html-page-context", without_empty_headers, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
