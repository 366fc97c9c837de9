"""The rendered pages in a real browser: axe-core finds nothing, nothing leaves the site, the keyboard gets everywhere.

Each check returns what is wrong as lines of text, so the faults planted below go through the very same functions.
"""

import contextlib
import functools
import http.server
import os
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import TimeoutError as TooLong
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
AXE = ROOT / "book" / "assets" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
ARGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --no-proxy-server"
).split() + ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]  # what would leave the site gets nowhere
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES, WIDE, NARROW = ("light", "dark"), 1280, 390
SETTLING = 400  # milliseconds; the theme looks again at what is too wide 300 after a change


def pages():
    """Paths of the rendered pages, relative to the site; a page that only leads to another isn't one."""
    found = (p.relative_to(HTML) for p in sorted(HTML.glob("**/*.html")) if "_static" not in p.parts)
    return [str(p) for p in found if 'http-equiv="refresh"' not in (HTML / p).read_text(encoding="utf-8").lower()]


PAGES = pages()
CHAPTERS = [p for p in PAGES if re.search(r"/\d\d-[^/]*$", p)]
if not BROWSER:
    MISSING = "no browser: apt-get install chromium, or set CHROMIUM to one"
else:
    MISSING = "" if AXE.exists() else "no axe-core: python book/assets.py"
needs_browser = pytest.mark.skipif(bool(MISSING), reason=MISSING)
needs_pages = pytest.mark.skipif(bool(MISSING) or not PAGES, reason=MISSING or "the pages are not rendered: make book")
each_page = pytest.mark.parametrize("path", PAGES or ["none"])
each_scheme = pytest.mark.parametrize("scheme", SCHEMES)


@contextlib.contextmanager
def serve(folder):
    """The folder as a site on a free port; yields its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def looks():
    """One browser; in it a window for either colour scheme, which keeps what it has loaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=ARGS)
        yield {scheme: browser.new_context(color_scheme=scheme, reduced_motion="reduce") for scheme in SCHEMES}
        browser.close()


@pytest.fixture(scope="module")
def site():
    with serve(HTML) as address:
        yield address


@contextlib.contextmanager
def opened(look, site, path, width=WIDE):
    """A page, loaded and at rest, and the list of what goes wrong in it, which grows while it is open."""
    wrong = []
    page = look.new_page()
    page.set_default_timeout(15_000)
    page.set_viewport_size({"width": width, "height": 900})

    def leaving(url):
        if not url.startswith((site, "data:", "blob:", "about:", site.replace("http", "ws", 1))):
            wrong.append(f"leaves the site: {url}")

    page.on("request", lambda request: leaving(request.url))
    page.on("websocket", lambda socket: leaving(socket.url))
    page.on("console", lambda m: wrong.append(f"console: {m.text} {m.location['url']}") if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    page.goto(site + path, wait_until="load")
    page.evaluate("""async () => {
        await window.MathJax?.startup?.promise;
        await document.fonts.ready;
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    }""")
    with told(wrong, "a widget does not show"):
        page.wait_for_function("""() =>
            document.querySelectorAll("script[type='application/vnd.jupyter.widget-view+json']").length
            <= document.querySelectorAll(".jupyter-widgets").length""")
    try:
        yield page, wrong
    finally:
        page.close()


@contextlib.contextmanager
def told(wrong, what):
    """A wait that is too long becomes a line among what is wrong."""
    try:
        yield
    except TooLong:
        wrong.append(what)


def violations(page):
    """What axe-core finds: rule, element, reason."""
    if not page.evaluate("Boolean(window.axe)"):
        # require.js, where a page has it, must not take axe for one of its modules
        page.evaluate("() => { window.hidden = window.define; window.define = undefined; }")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        page.evaluate("() => { window.define = window.hidden; }")
    found = page.evaluate(
        """async tags => {
            const options = {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]};
            return (await axe.run(document, options)).violations;
        }""",
        TAGS,
    )
    return [
        f"axe: {rule['id']}: {node['target']} {' '.join(node['failureSummary'].split())}"
        for rule in found
        for node in rule["nodes"]
    ]


def unfold(page):
    """Open everything that is folded, and the menus of the header."""
    page.evaluate("""() => {
        for (const details of document.querySelectorAll("details")) details.open = true;
        for (const button of document.querySelectorAll(".toggle-button-hidden, .dropdown-toggle")) button.click();
    }""")
    page.wait_for_timeout(SETTLING)


def shown_badly(page):
    """Sideways scroll on this width; captions and pictures that don't show though their figure does."""
    return page.evaluate("""() => {
        const wrong = [], across = document.scrollingElement;
        if (across.scrollWidth > innerWidth) {
            const elements = [...document.body.querySelectorAll("*")];
            const wide = elements.filter(e => e.getBoundingClientRect().right > innerWidth);
            const names = wide.slice(-3).map(e => e.outerHTML.slice(0, 80));
            wrong.push(`scrolls sideways: ${across.scrollWidth} of ${innerWidth} pixels; ${names.join(" ... ")}`);
        }
        const visible = e => e.checkVisibility({opacityProperty: true, visibilityProperty: true});
        for (const figure of document.querySelectorAll("figure")) {
            if (!visible(figure)) continue;
            const caption = figure.querySelector("figcaption"), pictures = [...figure.querySelectorAll("img, svg")];
            if (caption && !visible(caption)) wrong.push(`hidden caption: ${caption.textContent.trim().slice(0, 60)}`);
            if (pictures.length && !pictures.some(visible)) wrong.push(`no picture: ${figure.id}`);
        }
        for (const formula of document.querySelectorAll("[data-mjx-error]")) {
            wrong.push(`formula: ${formula.dataset.mjxError}`);
        }
        const {theme} = document.documentElement.dataset, dark = matchMedia("(prefers-color-scheme: dark)").matches;
        if (theme && theme !== (dark ? "dark" : "light")) wrong.push(`wrong colours: ${theme}`);
        return wrong;
    }""")


def inspected(look, site, path):
    """All that is wrong with a page: as it comes, with everything unfolded, and on a narrow screen."""
    with opened(look, site, path) as (page, wrong):
        seen = shown_badly(page) + violations(page)
        unfold(page)
        seen += shown_badly(page) + violations(page)
        page.set_viewport_size({"width": NARROW, "height": 900})
        page.wait_for_timeout(SETTLING)
        seen += shown_badly(page) + violations(page)
        return list(dict.fromkeys(wrong + seen))


def stops(page):
    """Where Tab stops, from the top of the page to its end: (element, whether that can be seen)."""
    walked = []
    for _ in range(1000):
        page.keyboard.press("Tab")
        page.wait_for_timeout(0)
        stop = page.evaluate("""async () => {
            const e = document.activeElement;
            if (!e || e === document.body) return null;
            const seen = () => {
                const box = e.getBoundingClientRect();
                const styles = [e, e.closest("form") ?? e].map(x => getComputedStyle(x));
                const ring = styles.some(style => style.boxShadow !== "none"
                    || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0));
                return ring && e.checkVisibility({opacityProperty: true, visibilityProperty: true})
                    && box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
                    && box.right > 0 && box.left < innerWidth;
            };
            for (let tries = 0; tries < 60 && !seen(); tries++) await new Promise(requestAnimationFrame);
            const again = e.dataset.walked === "";
            e.dataset.walked = "";
            return {name: e.outerHTML.replace(/\\s+/g, " ").slice(0, 120), seen: seen(), again};
        }""")
        if stop is None or stop["again"]:
            break
        walked.append((stop["name"], stop["seen"]))
    return walked


def unseen(walked):
    return [f"focus does not show: {name}" for name, seen in walked if not seen]


@needs_pages
@each_page
@each_scheme
def test_nothing_is_wrong_with_a_page(looks, site, path, scheme):
    assert inspected(looks[scheme], site, path) == []


@needs_pages
@each_page
def test_tab_shows_where_it_is_and_begins_with_skip_link_and_search(looks, site, path):
    with opened(looks["light"], site, path) as (page, _):
        walked = stops(page)
    assert unseen(walked) == []
    names = [name for name, _ in walked]
    assert "#main-content" in names[0]
    assert any("search" in name for name in names[1:3]), names[:3]


@needs_pages
@each_page
def test_the_keyboard_opens_and_leaves_search_and_opens_what_is_folded(looks, site, path):
    with opened(looks["light"], site, path) as (page, wrong):
        field = page.locator("input[type=search]:focus")
        page.keyboard.press("Control+k")
        field.wait_for(state="visible")
        page.keyboard.press("Escape")
        field.wait_for(state="hidden")
        for fold in page.locator("details:not([open]) > summary, .toggle-button-hidden").element_handles():
            if fold.is_visible():
                fold.focus()
                page.keyboard.press("Enter")
                assert fold.evaluate("e => e.parentElement.open || !e.classList.contains('toggle-button-hidden')")
        assert wrong == []


@needs_pages
@each_scheme
def test_search_and_menus_pass_while_they_are_open(looks, site, scheme):
    with opened(looks[scheme], site, PAGES[0]) as (page, wrong):
        page.keyboard.press("Control+k")
        page.keyboard.type("image")
        assert violations(page) + wrong == []
    with opened(looks[scheme], site, PAGES[0], NARROW) as (page, wrong):
        for toggle in page.locator(".primary-toggle:visible, .secondary-toggle:visible").all():
            toggle.click()
            page.locator("dialog[open]").wait_for()
            assert violations(page) + wrong == []
            page.keyboard.press("Escape")
            page.locator("dialog[open]").wait_for(state="hidden")
    for words in ("image", "qqqzzz"):
        with opened(looks[scheme], site, f"search.html?q={words}") as (page, wrong):
            page.locator("#search-results .search-summary", has_text=re.compile("finished|did not match")).wait_for()
            assert violations(page) + wrong == []


@needs_pages
@pytest.mark.parametrize("path", CHAPTERS or ["none"])
def test_search_finds_a_chapter_by_a_word_of_its_title(looks, site, path):
    title = re.search(r"<title>(.*?) &#8212;", (HTML / path).read_text(encoding="utf-8"))[1]
    word = max(re.findall(r"[a-zA-Z]+", title), key=len)
    with opened(looks["light"], site, f"search.html?q={word}") as (page, _):
        page.locator(f"#search-results a[href^='{path}']").first.click()
        page.wait_for_url(f"{site}{path}*")


@needs_pages
def test_the_first_address_leads_to_the_book():
    (target,) = re.findall(r'url=([^"]+)"', (HTML / "index.html").read_text(encoding="utf-8"))
    assert target in PAGES


@needs_pages
@pytest.mark.parametrize("shape", ["heart", "ring"])
def test_the_pages_scene_editor_draws_what_the_package_draws(looks, site, shape):
    from dsvl_min.data.world import Scene, Thing, render

    with opened(looks["light"], site, "book/03-a-world-we-can-check.html") as (page, wrong):
        form = page.locator(".dsvl-editor form")
        form.get_by_label("shape").select_option(shape)
        form.get_by_label("background").select_option("mint")
        form.get_by_label("x", exact=True).fill("0.4")
        form.get_by_label("angle").fill("30")
        form.get_by_label("shrink to").fill("12")
        assert (
            page.locator(".dsvl-editor .code").inner_text().startswith(f'Scene("mint", (Thing("{shape}", "red", 0.4,')
        )
        assert f"a red {shape}" in page.locator(".dsvl-editor .facts").inner_text()
        assert page.locator(".dsvl-editor .small").evaluate("c => c.width") == 12
        values = page.locator(".dsvl-editor .whole").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, 128, 128).data]"
        )
        assert wrong == []
    painted = np.array(values).reshape(128, 128, 4)[..., :3]
    drawn = np.asarray(render(Scene("mint", (Thing(shape, "red", 0.4, 0.5, 0.6, 30.0),)), 128), float)
    assert np.abs(painted - drawn).mean() < 1.0


CLEAN = """<!doctype html><html lang="en"><head><title>Planted</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"></head><body><main><h1>Planted</h1>{}</main></body></html>"""
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
PLANTED = {
    "an image without words": (f'<img src="{DOT}">', "axe: image-alt"),
    "faint words in a fold": (
        "<details><summary>More</summary><p style='color: #ccc'>faint</p></details>", "axe: color-contrast"),
    "a script from elsewhere": (
        '<script src="https://example.org/x.js"></script>', "leaves the site: https://example.org/x.js"),
    "a font from elsewhere": (
        "<style>@font-face { font-family: F; src: url(https://example.org/f.woff) } h1 { font-family: F }</style>",
        "leaves the site: https://example.org/f.woff"),
    "an error on the console": ("<script>console.error('planted')</script>", "console: planted"),
    "a script that fails": ("<script>throw new Error('planted')</script>", "script error: planted"),
    "a file that isn't there": ('<img src="nowhere.png" alt="nothing">', "console: Failed to load"),
    "something too wide": ("<div style='width: 500px'>wide</div>", "scrolls sideways: 508 of 390"),
    "a hidden caption": (
        f"<figure><img src='{DOT}' alt='dot'><figcaption style='display: none'>words</figcaption></figure>",
        "hidden caption: words"),
    "a figure for one scheme": (f"<figure><img src='{DOT}' alt='dot' hidden>words</figure>", "no picture"),
}  # fmt: skip


@pytest.fixture
def planted(tmp_path):
    """Plants a body in a page that is otherwise clean; gives the site and the page."""
    with serve(tmp_path) as address:

        def plant(body):
            (tmp_path / "planted.html").write_text(CLEAN.format(body))
            return address, "planted.html"

        yield plant


@needs_browser
@each_scheme
def test_a_clean_page_is_found_clean(looks, planted, scheme):
    assert inspected(looks[scheme], *planted("<p>words</p>")) == []


@needs_browser
@pytest.mark.parametrize("body, line", PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found(looks, planted, body, line):
    assert any(found.startswith(line) for found in inspected(looks["light"], *planted(body)))


@needs_browser
def test_a_planted_control_without_visible_focus_is_found(looks, planted):
    body = "<button>a</button><button style='outline: none'>b</button><button style='opacity: 0'>c</button>"
    with opened(looks["light"], *planted(body)) as (page, _):
        walked = stops(page)
    assert len(walked) == 3
    assert [re.sub("<.*?>", "", line)[-1] for line in unseen(walked)] == ["b", "c"]
