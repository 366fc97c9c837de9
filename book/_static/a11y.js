// What a screen reader needs and the pages' generators leave out: names that match what is shown, one region a panel.
// A rule of axe-core stands behind each repair; tests/book/test_browser.py runs them all.

// The search field and hidden cells show their own words, which a label would hide.
function unlabel() {
  for (const named of document.querySelectorAll(".search-button-field[aria-label], details > summary[aria-label]")) {
    named.removeAttribute("aria-label");
  }
}

// The colour switch shows an icon whose title changes; a word beside it stays.
function nameColourSwitch() {
  for (const button of document.querySelectorAll(".theme-switch-button[aria-label]")) {
    button.removeAttribute("aria-label");
    button.insertAdjacentHTML("beforeend", '<span class="visually-hidden">Color mode</span>');
  }
}

// The side panel holds logo and search outside any landmark.  On narrow screens it becomes a dialog, which is one.
function namePanel() {
  const panel = document.querySelector("#pst-primary-sidebar");
  panel?.setAttribute("role", "region");
  panel?.setAttribute("aria-label", "Site navigation");
}

// Citations are marked as a list whose entries are not list items.
function unlistCitations() {
  for (const list of document.querySelectorAll(".citation-list[role=list], .citation[role]")) list.removeAttribute("role");
}

// A widget's slider is named by the words on its left.
function nameSliders() {
  for (const handle of document.querySelectorAll("[role=slider]:not([aria-label], [aria-labelledby])")) {
    const words = handle.closest(".widget-inline-hbox, .widget-inline-vbox")?.querySelector(".widget-label");
    handle.setAttribute("aria-label", words?.textContent.trim() || "value");
  }
}

// The theme lets Tab stop at code and tables too wide for the page, measured when the page or its width changes.
// What was folded has to be measured too, once it is open.
function measureUnfolded() {
  for (const event of ["toggle", "click"]) {
    document.addEventListener(event, ({ target }) => {
      if (event === "toggle" || target.closest(".toggle-button")) window.dispatchEvent(new Event("resize"));
    }, true);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  unlabel();
  nameColourSwitch();
  namePanel();
  unlistCitations();
  measureUnfolded();
  if (document.querySelector("script[type='application/vnd.jupyter.widget-view+json']")) {
    new MutationObserver(nameSliders).observe(document.body, { childList: true, subtree: true });
  }
});
