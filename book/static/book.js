// What is wider than the page scrolls sideways: then a keyboard must be able to reach it.
const wide = "pre, .table-wrapper, div.math";
const reach = () => {
  for (const one of document.querySelectorAll(wide)) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }
};
addEventListener("load", reach);
addEventListener("resize", reach);
