"""The figure of the flow of data: everything that takes part is drawn and named."""

from ntm_lib.teaching.plots.flow import BOXES, LANES, flow_figure


def test_the_flow_has_every_box_and_lane():
    figure = flow_figure()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert {words for *_, words, _ in BOXES} <= set(texts)
    assert {f"${name}_{{t-1}}$" for name, _ in LANES} | {f"${name}_t$" for name, _ in LANES} <= set(texts)
    assert figure.get_label().startswith("One step.")
