// The theme gives the arrows of the side navigation no name, so that screen readers announce nothing.
document.addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll("li.has-children > details > summary")) {
    const page = arrow.closest("li").querySelector("a");
    arrow.setAttribute("aria-label", `Pages below ${page ? page.textContent : "this page"}`);
  }
});

// Tables that scroll sideways must be reachable by the keyboard.
addEventListener("load", () => {
  for (const table of document.querySelectorAll(".bd-article table, .bd-article div.cell_output")) {
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
  }
});
