"""Draw a Mermaid flow chart as a list with arcs beside it: an SVG that needs no script and fits a narrow screen."""

import re
from html import escape

LINE, RADIUS, LETTER = 40, 26, 8.2
"""Pixels from one name to the next, sideways for an arc from a name to the next, and of a letter of a name."""
NAME = re.compile(r'^\s*(\w+)\["(.+)"\]$', re.MULTILINE)
ARROW = re.compile(r"^\s*(\w+) (-->|-\.->) (\w+)$", re.MULTILINE)


def drawn(chart: str) -> str:
    """A flow chart's names in the order of its text, and an arc for each arrow; ValueError for a line of another kind.

    Arcs run left of the names, from above to below; an arrow that Mermaid dots is dashed.
    """
    names, arrows = dict(NAME.findall(chart)), ARROW.findall(chart)
    known = len(names) + len(arrows) + 1  # the first line says in which direction Mermaid would draw
    if len(chart.strip().splitlines()) != known or not {end for a, _, b in arrows for end in (a, b)} <= set(names):
        raise ValueError(f"a chart has more than names and arrows between them: {chart.strip().splitlines()[0]!r} ...")
    heights = {key: LINE * (place + 0.5) for place, key in enumerate(names)}
    spans = [(heights[b] - heights[a]) / LINE for a, _, b in arrows]
    left = RADIUS * max(spans, default=0) ** 0.8 + 16
    width = left + 12 + LETTER * max(map(len, names.values()))
    lines = [
        f'<svg class="chart" viewBox="0 0 {width:.0f} {LINE * len(names)}" width="{width:.0f}" role="img"'
        ' aria-label="Arrows between the lessons; the table below has each of them in words.">',
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    for (a, kind, b), span in sorted(zip(arrows, spans, strict=True), key=lambda pair: -pair[1]):
        out, begin, end = 4 / 3 * RADIUS * span**0.8, heights[a] + 5, heights[b] - 5
        path = f"M{left:.0f} {begin:.0f}C{left - out:.0f} {begin:.0f} {left - out:.0f} {end:.0f} {left:.0f} {end:.0f}"
        lines.append(f'<path class="{"needs" if kind == "-->" else "helps"}" d="{path}" marker-end="url(#arrow)"/>')
    lines += [f'<text x="{left + 10:.0f}" y="{heights[key] + 5:.0f}">{escape(names[key])}</text>' for key in names]
    return "\n".join([*lines, "</svg>", ""])
