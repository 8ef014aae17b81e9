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

// The machine's frame is as high as the page in it, which then needs no scroll bar of its own.
addEventListener("load", () => {
  const frame = document.querySelector("div.machine iframe");
  const inside = frame?.contentDocument?.querySelector("main");
  if (inside) new ResizeObserver(() => (frame.style.height = `${inside.offsetHeight + 2}px`)).observe(inside);
});
