"""What the book adds to Jupyter Book: numbers in prose that nobody typed, and one repair to the theme."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from claims import claims  # noqa: E402


def substitute(app, config):
    """{{ name }} in a page is looked up among the claims."""
    config.myst_substitutions = {**config.myst_substitutions, **claims()}


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
    app.connect("config-inited", substitute)
    app.connect("html-page-context", drop_copies, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
