"""Checks of figures."""

from matplotlib.text import Text


def nothing_is_cut_off(figure):
    """Every visible text of the figure lies within it."""
    figure.draw_without_rendering()
    width, height = figure.canvas.get_width_height()
    for text in set(figure.findobj(Text)) - ticks_out_of_view(figure):
        if text.get_text() and text.get_visible():
            box = text.get_window_extent()
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
            assert inside, (text.get_text(), box, (width, height))


def ticks_out_of_view(figure):
    """Labels that Matplotlib keeps for ticks beyond the limits, and does not draw."""
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            hidden |= {t for tick in ticks for t in (tick.label1, tick.label2)}
            shown = [tick for tick in ticks if low <= tick.get_loc() <= high and axes.axison]
            hidden -= {tick.label1 for tick in shown}
    return hidden
