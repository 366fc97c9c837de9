// Repairs to sphinx-book-theme 1.3 that a screen reader needs: names that match what is shown, one region a panel.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(
    ".search-button-field[aria-label], .theme-switch-button[aria-label], .search-button[aria-label]")) {
    button.removeAttribute("aria-label");
  }
  for (const button of document.querySelectorAll(".theme-switch-button")) {
    if (!button.querySelector(".visually-hidden")) {
      button.insertAdjacentHTML("beforeend", '<span class="visually-hidden">Color mode</span>');
    }
  }
  const side = document.querySelector(".bd-sidebar-primary, #pst-primary-sidebar");
  if (side && side.tagName !== "DIALOG") {
    side.setAttribute("role", "region");
    side.setAttribute("aria-label", "Site navigation");
  }
  for (const list of document.querySelectorAll(".citation-list[role=list], .citation[role]")) {
    list.removeAttribute("role");
  }
});
