"""What the book adds to Jupyter Book: numbers in prose that nobody typed, our figures in both colour schemes,
exercises, passports, buttons that open a page's own notebook, and two repairs to what Jupyter Book renders."""

import re
import shutil
import sys
from pathlib import Path

from docutils import nodes
from sphinx.directives.patches import Figure
from sphinx.errors import ExtensionError

sys.path.insert(0, str(Path(__file__).parent))
import exercises  # noqa: E402
import passport  # noqa: E402
from claims import claims  # noqa: E402
from master import read  # noqa: E402
from project import BOOK, DRAWN, NOTEBOOKS, REPOSITORY, TAG, launch_addresses, notebook_of  # noqa: E402

THEBE = re.compile(r"<script type=.text/x-thebe-config.>.*?</script>|<script>kernelName = [^<]*</script>", re.DOTALL)
CHAPTER = re.compile(r"book/(\d\d-[\w-]+)")


def configure(app, config):
    """{{ name }} in a page is looked up among the claims; outputs are kept until something they depend on changes."""
    from reader import digest, fingerprint

    config.myst_substitutions = {**config.myst_substitutions, **claims()}
    config.dsvl_fingerprint = fingerprint()
    config.dsvl_machinery = digest(BOOK / "_ext")
    config.nb_execution_cache_path = str(Path(app.outdir).parent / "executed" / config.dsvl_fingerprint)


class Drawing(Figure):
    """```{drawing} NAME: a figure from figures/drawn, light or dark as the page is.  Options are those of `figure`.

    A figure that draws recorded numbers is labelled so, with a link to them.
    """

    def run(self):
        name = self.arguments[0]
        path = DRAWN / f"{name}.svg"
        if not self.options.get("alt"):
            raise self.error(f"the drawing {name} has no :alt: text")
        if not path.exists():
            raise self.error(f"there is no figures/drawn/{name}.svg")
        self.arguments[0] = f"../figures/drawn/{name}.svg"
        made = super().run()
        (light,) = made[0].findall(lambda node: node.tagname == "image")
        dark = light.deepcopy()
        dark["uri"] = dark["uri"].removesuffix(".svg") + "-dark.svg"
        light["classes"].append("only-light")
        dark["classes"].append("only-dark")
        light.parent.insert(light.parent.index(light) + 1, dark)
        for caption in made[0].findall(nodes.caption):
            caption += recorded(path)
        return made


def recorded(path):
    """The label "recorded" and the results' names as nodes, if the drawing's metadata names any; else nothing."""
    sources = re.findall(r"figures/results/[\w-]+\.json", path.read_text(encoding="utf-8")[:4000])
    if not sources:
        return []
    label = nodes.inline("", " ", nodes.inline("", "recorded", classes=["recorded"]), nodes.Text(" "))
    for i, source in enumerate(sorted(set(sources))):
        if i:
            label += nodes.Text(", ")
        label += nodes.reference("", Path(source).stem, refuri=f"{REPOSITORY}/blob/{TAG}/{source}", internal=False)
    return [label]


def prepare(app, docname, source):
    """A chapter as Sphinx reads it: checked first; answers folded; its passport asked for in a last cell."""
    if match := CHAPTER.fullmatch(docname):
        read(BOOK / f"{match[1]}.md")
        source[0] = passport.ask(exercises.fold(source[0]))


def finish(app, doctree):
    """Mark what is live, say where package code stands, insist on alt text, and put the passport in its place."""
    docname = app.env.docname
    for cell in doctree.findall(lambda n: isinstance(n, nodes.container) and "cell" in n["classes"]):
        options = cell.get("cell_metadata", {})
        if any("cell_output" in child["classes"] for child in cell.children):
            cell["classes"].append("live")
        if "symbol" in options:
            cell += exercises.package_note(options["symbol"], docname)
    for image in doctree.findall(nodes.image):
        if not image.get("alt"):
            where = f"{app.env.doc2path(docname)}:{image.line or image.parent.line or '?'}"
            raise ExtensionError(f"{where}: a picture without alt text ({image.get('uri', '')[:60]}); a code cell's "
                                 "goes into its options: mystnb: {image: {alt: …}}")  # fmt: skip
    if CHAPTER.fullmatch(docname):
        passport.place(app, doctree)


def buttons(app, pagename, templatename, context, doctree):
    """A chapter's Colab, Binder and download buttons open its own notebook."""
    match = CHAPTER.fullmatch(pagename)
    if not match or "header_buttons" not in context:
        return
    icons = {"Colab": "_static/images/logo_colab.png", "Binder": "_static/images/logo_binder.svg"}
    launch = [
        {"type": "link", "text": name, "tooltip": f"Open this chapter in {name}", "icon": icons[name], "url": address}
        for name, address in launch_addresses(match[1]).items()
    ]
    group = {"type": "group", "tooltip": "Run this chapter", "icon": "fas fa-rocket", "buttons": launch,
             "label": "launch-buttons"}  # fmt: skip
    context["header_buttons"].insert(0, group)
    for other in context["header_buttons"]:
        for button in other.get("buttons", ()):
            if button.get("label") == "download-source-button":
                button["url"] = f"{context['pathto']('', 1).rstrip('/')}/notebooks/{notebook_of(match[1])}"
                button["text"], button["tooltip"] = ".ipynb", "Download this chapter's notebook"


def publish_notebooks(app, error):
    """The notebooks lie beside the pages, so that downloading one leaves the site for nobody's."""
    if error is None and app.builder.format == "html":
        shutil.copytree(NOTEBOOKS, Path(app.outdir) / "notebooks", dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns(".*"))  # fmt: skip


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


def plain_signatures(app, pagename, templatename, context, doctree):
    """A long signature is written as a definition list that defines nothing; say it with divisions."""

    def divisions(match):
        return re.sub(r"(</?)d[ld]>", r"\1div>", match[0]).replace("<div>", '<div class="sig-parameters">', 1)

    pattern = r"<dl>\s*(<dd><em class=\"sig-param\">.*?</dd>\s*)+</dl>"
    context["body"] = re.sub(pattern, divisions, context.get("body", ""))


def setup(app):
    for name in ("dsvl_fingerprint", "dsvl_machinery"):  # a change of either renders every page anew
        app.add_config_value(name, "", "env")
    app.add_directive("drawing", Drawing)
    exercises.setup(app)
    passport.setup(app)
    app.connect("config-inited", configure, priority=100)
    app.connect("source-read", prepare, priority=100)
    app.connect("doctree-read", finish, priority=900)
    app.connect("html-page-context", without_thebe, priority=900)
    app.connect("html-page-context", without_empty_headers, priority=900)
    app.connect("html-page-context", plain_signatures, priority=900)
    app.connect("html-page-context", buttons, priority=901)
    app.connect("build-finished", publish_notebooks)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
