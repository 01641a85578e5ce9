#!/usr/bin/env python3
"""Draws what a run of layerscale wrote: how close each implementation comes to its ceiling.

    bazel run //benchmarks:layerscale -- --benchmark_out=/tmp/layerscale.json
    python3 benchmarks/plot.py /tmp/layerscale.json layerscale.svg

One panel for each op and dtype, one line for each implementation: % of the ceiling of the same run
(the best of the repetitions) over the bytes that a call moves. Rings beside our line are ours, too:
of rows that are no whole lines of memory, or begin beside one. Needs Python and nothing else.
"""

import argparse
import json
import math
import sys
import textwrap
from xml.sax.saxutils import escape

OPS = ["forward", "forward_out", "inplace", "add", "add_out", "add_inplace", "index_add", "backward"]
DTYPES = ["f32", "bf16", "f16"]
COLORS = {
    "hollow": "#0a7f5a",
    "plain": "#8a8f98",
    "eigen": "#8250c4",
    "onednn": "#1f6feb",
    "torch": "#d9480f",
    "torch_expr": "#f0a35e",
}
OTHER_COLORS = ["#b8336a", "#5c940d", "#0b7285", "#5f3dc4"]

MARGIN = 20
TITLE = 92  # room for the title and the legend
LEFT = 52  # of the first panel, for the ticks
PANEL = (250, 128)
GAP = (22, 42)
LINE = 15  # of the caption
INK, PALE, GRID = "#24292f", "#6e7781", "#e7eaee"


class BadInput(Exception):
    """What is wrong with a file, in words for who gave it."""


class Case:
    """One implementation of one piece of work: the best of its repetitions."""

    def __init__(self, run):
        parts = run["name"].split("/")
        if len(parts) not in (4, 5):
            raise BadInput(f"{run['name']} is no op/dtype/ROWSxDIM/device")
        self.op, self.dtype, self.shape, self.device = parts[:4]
        self.implementation = parts[4] if len(parts) == 5 else "hollow"
        # Each row begins and ends with a line of memory, whatever the dtype.
        dim = self.shape.rpartition("x")[2]
        self.fits = dim.isdigit() and int(dim) % 64 == 0
        self.bytes = run["useful_bytes"]
        self.percent = run["pct_ceiling"]


def read_cases(results):
    """The cases that have a ceiling, in the file's order. Those that failed have none."""
    best = {}
    for run in results.get("benchmarks", []):
        if run.get("run_type", "iteration") != "iteration" or "pct_ceiling" not in run:
            continue
        case = best.setdefault(run["name"], Case(run))
        case.percent = max(case.percent, run["pct_ceiling"])
    return list(best.values())


def choose_device(cases, device):
    devices = unique(case.device for case in cases)
    if not devices:
        raise BadInput("no case of it has pct_ceiling: it is no JSON of layerscale, or all failed")
    if device is None and len(devices) > 1:
        raise BadInput(f"it has several devices: add --device, {' or '.join(devices)}")
    if device is not None and device not in devices:
        raise BadInput(f"it has no {device}, only {', '.join(devices)}")
    return device or devices[0]


def unique(values):
    return list(dict.fromkeys(values))


def in_order(values, known):
    """Each once: those that are known in their order, whatever a run's was, then the others."""
    values = unique(values)
    return [each for each in known if each in values] + [each for each in values if each not in known]


def colors_of(implementations):
    spare = iter(OTHER_COLORS * len(implementations))
    return {name: COLORS.get(name) or next(spare) for name in implementations}


class Svg:
    """Shapes, one after the other."""

    def __init__(self):
        self.items = []

    def add(self, tag, content=None, **attributes):
        text = "".join(f' {name.replace("_", "-")}="{escape(str(value), {chr(34): "&quot;"})}"'
                       for name, value in attributes.items())
        self.items.append(f"<{tag}{text}/>" if content is None
                          else f"<{tag}{text}>{escape(content)}</{tag}>")

    def text(self, x, y, content, size=12, fill=INK, anchor="start", **more):
        self.add("text", content, x=number(x), y=number(y), font_size=size, fill=fill,
                 text_anchor=anchor, **more)

    def line(self, x1, y1, x2, y2, stroke=GRID, **more):
        self.add("line", x1=number(x1), y1=number(y1), x2=number(x2), y2=number(y2),
                 stroke=stroke, **more)

    def document(self, width, height):
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'width="{width}" height="{height}" font-family="Helvetica, Arial, sans-serif">')
        return "\n".join([head, *self.items, "</svg>"]) + "\n"


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


class Scales:
    """From bytes and percents to places within a panel, the same in all panels."""

    def __init__(self, cases):
        sizes = [case.bytes for case in cases]
        self.low = math.log10(min(sizes)) - 0.12
        self.high = math.log10(max(sizes)) + 0.12
        self.top = max(110, 10 * math.ceil(max(case.percent for case in cases) / 10))

    def x(self, size):
        return PANEL[0] * (math.log10(size) - self.low) / (self.high - self.low)

    def y(self, percent):
        return PANEL[1] * (1 - percent / self.top)

    def sizes(self):
        """Powers of ten within, or where there are none the two ends."""
        powers = range(math.ceil(self.low), math.floor(self.high) + 1)
        return [10.0**power for power in powers] or [10**self.low, 10**self.high]

    def percents(self):
        return range(0, self.top + 1, 25 if self.top <= 150 else 50)


def size_name(size):
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.3g} B"


def draw_panel(svg, cases, scales, colors, left, top, has_ticks, has_sizes):
    width, height = PANEL
    svg.text(left, top - 8, f"{cases[0].op}, {cases[0].dtype}", 13, font_weight="bold")
    for percent in scales.percents():
        y = top + scales.y(percent)
        dashes = {"stroke": PALE, "stroke_dasharray": "4 3"} if percent == 100 else {}
        svg.line(left, y, left + width, y, **dashes)
        if has_ticks:
            svg.text(left - 6, y + 4, f"{percent} %", 11, PALE, "end")
    for size in scales.sizes():
        x = left + scales.x(size)
        svg.line(x, top, x, top + height)
        if has_sizes:
            svg.text(x, top + height + 16, size_name(size), 11, PALE, "middle")
    # Ours last, on top of the others.
    for name in sorted(unique(case.implementation for case in cases), key=lambda n: n == "hollow"):
        ours = name == "hollow"
        its = sorted((case for case in cases if case.implementation == name),
                     key=lambda case: case.bytes)
        places = [(number(left + scales.x(case.bytes)), number(top + scales.y(case.percent)))
                  for case in its]
        joined = [place for case, place in zip(its, places) if case.fits]
        svg.add("polyline", points=" ".join(f"{x},{y}" for x, y in joined), fill="none",
                stroke=colors[name], stroke_width=2.4 if ours else 1.4, stroke_linejoin="round")
        for case, (x, y) in zip(its, places):
            if case.fits:
                svg.add("circle", cx=x, cy=y, r=3 if ours else 2, fill=colors[name])
            elif ours:
                svg.add("circle", cx=x, cy=y, r=2.5, fill="none", stroke=colors[name])


def draw(results, device):
    """The text of an SVG of one device's cases."""
    cases = [case for case in read_cases(results) if case.device == device]
    context = results.get("context", {})
    ops = in_order((case.op for case in cases), OPS)
    dtypes = in_order((case.dtype for case in cases), DTYPES)
    implementations = in_order((case.implementation for case in cases), COLORS)
    colors, scales, svg = colors_of(implementations), Scales(cases), Svg()
    width = max(LEFT + len(dtypes) * (PANEL[0] + GAP[0]) + MARGIN, 640)
    caption = captions(context, device, implementations, width // 6)
    bottom = TITLE + len(ops) * (PANEL[1] + GAP[1]) + 24
    height = bottom + LINE * len(caption)

    svg.add("rect", width="100%", height="100%", fill="#ffffff")
    svg.text(MARGIN, 30, "LayerScale: share of the ceiling that the same run measured", 18,
             font_weight="bold")
    svg.text(MARGIN, 50, "over the bytes that a call moves; 100 % is the best loop without arithmetic "
             "on the same memory", 12, PALE)
    x = MARGIN
    for name in implementations:
        svg.line(x, 70, x + 18, 70, colors[name], stroke_width=3)
        svg.text(x + 24, 74, name, 12, font_weight="bold" if name == "hollow" else "normal")
        x += 46 + 7.2 * len(name)
    if any(not case.fits for case in cases):
        svg.add("circle", cx=number(x + 9), cy=70, r=2.5, fill="none", stroke=colors["hollow"])
        svg.text(x + 24, 74, "odd, unaligned, gaps")

    for row, op in enumerate(ops):
        for column, dtype in enumerate(dtypes):
            inside = [case for case in cases if (case.op, case.dtype) == (op, dtype)]
            if inside:
                draw_panel(svg, inside, scales, colors, LEFT + column * (PANEL[0] + GAP[0]),
                           TITLE + 24 + row * (PANEL[1] + GAP[1]), column == 0, row == len(ops) - 1)
    for at, line in enumerate(caption):
        svg.text(MARGIN, bottom + LINE * at, line, 11, PALE)
    return svg.document(width, height)


def captions(context, device, implementations, letters):
    """Where and when, and beside which peers, in lines of so many letters."""
    machine = context.get("machine")
    if machine is None:
        machine = context.get("cpu_model", "") if device == "cpu" else ""
        if device == "cpu" and "kernel_threads" in context:
            machine += f", {context.get('kernel_isa', '')}, threads: {context['kernel_threads']}"
    where = [device, machine, context.get("date", "")[:10],
             f"Hollow {context['hollow_version']}" if "hollow_version" in context else ""]
    peers = [f"{name}: {context['peer_' + name]}" for name in implementations
             if "peer_" + name in context]
    return [" · ".join(part for part in where if part), *textwrap.wrap("; ".join(peers), letters)]


def main(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", help="what --benchmark_out or --benchmark_format=json wrote")
    parser.add_argument("svg", help="the picture to write")
    parser.add_argument("--device", help="where there are several: cpu, cuda:0, ...")
    options = parser.parse_args(arguments)
    try:
        with open(options.json, encoding="utf-8") as file:
            results = json.load(file)
        device = choose_device(read_cases(results), options.device)
        picture = draw(results, device)
        with open(options.svg, "w", encoding="utf-8") as file:
            file.write(picture)
    except (BadInput, OSError, ValueError) as error:
        print(f"plot.py: {options.json}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
