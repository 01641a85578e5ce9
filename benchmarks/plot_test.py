#!/usr/bin/env python3
"""plot.py on a small run, checked as XML."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

FOLDER = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, FOLDER)

import plot  # noqa: E402  (it lies beside this file)

SVG = "{http://www.w3.org/2000/svg}"


def small_run():
    with open(os.path.join(FOLDER, "plot_test.json"), encoding="utf-8") as file:
        return json.load(file)


def run(results, *flags):
    """The exit status, what was said, and the picture if there is one."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "in.json"), os.path.join(folder, "out.svg")
        with open(source, "w", encoding="utf-8") as file:
            file.write(results if isinstance(results, str) else json.dumps(results))
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            status = plot.main([source, target, *flags])
        root = ElementTree.parse(target).getroot() if os.path.exists(target) else None
        return status, said.getvalue(), root


def texts(root):
    return [element.text for element in root.iter(SVG + "text")]


class PlotTest(unittest.TestCase):

    def test_the_best_repetition_of_each_case_counts(self):
        cases = {(c.op, c.dtype, c.shape, c.device, c.implementation): c
                 for c in plot.read_cases(small_run())}
        ours = cases["forward", "f32", "257x384", "cpu", "hollow"]
        self.assertEqual((ours.bytes, ours.percent), (790000, 96.5))
        self.assertIn(("forward", "f32", "257x384", "cpu", "plain"), cases)
        self.assertNotIn("1x384", [shape for _, _, shape, _, _ in cases])  # has no ceiling
        self.assertNotIn("broken", [name for *_, name in cases])  # failed

    def test_a_picture_is_xml_with_a_line_for_each_implementation_in_each_panel(self):
        status, said, root = run(small_run(), "--device", "cpu")
        self.assertEqual((status, said), (0, ""))
        self.assertEqual(root.tag, SVG + "svg")
        lines = [line.get("points").split() for line in root.iter(SVG + "polyline")]
        # forward, f32 by plain and by us; inplace, bf16 by us.
        self.assertEqual(sorted(len(points) for points in lines), [1, 2, 2])
        for points in lines:
            places = [float(point.split(",")[0]) for point in points]
            self.assertEqual(places, sorted(places))
        for expected in ["forward, f32", "inplace, bf16", "hollow", "plain", "100 %",
                         "cpu · A <fast> \"CPU\" & more, avx2, threads: 2 · 2026-11-23 · Hollow 0.1.0"]:
            self.assertIn(expected, texts(root))

    def test_what_lies_higher_is_drawn_higher(self):
        _, _, root = run(small_run(), "--device", "cpu")
        by_color = {line.get("stroke"): line for line in root.iter(SVG + "polyline")
                    if len(line.get("points").split()) == 2}
        first = {color: float(line.get("points").split()[0].split(",")[1])
                 for color, line in by_color.items()}
        self.assertLess(first[plot.COLORS["hollow"]], first[plot.COLORS["plain"]])

    def test_shapes_that_fit_are_joined_and_of_the_others_ours_are_rings(self):
        _, _, root = run(small_run(), "--device", "cpu")
        dots = list(root.iter(SVG + "circle"))
        self.assertEqual(sum(dot.get("fill") != "none" for dot in dots), 5)
        rings = [dot.get("stroke") for dot in dots if dot.get("fill") == "none"]
        self.assertEqual(rings, 4 * [plot.COLORS["hollow"]])  # one explains the others
        self.assertIn("odd, unaligned, gaps", texts(root))

    def test_the_order_of_a_run_that_was_shuffled_does_not_show(self):
        shuffled = small_run()
        shuffled["benchmarks"].reverse()
        _, _, root = run(small_run(), "--device", "cpu")
        _, _, other = run(shuffled, "--device", "cpu")
        self.assertEqual(texts(other), texts(root))

    def test_a_machine_that_is_named_stands_in_the_caption(self):
        results = small_run()
        results["context"]["machine"] = "a GPU"
        _, _, root = run(results, "--device", "cuda:0")
        self.assertIn("cuda:0 · a GPU · 2026-11-23 · Hollow 0.1.0", texts(root))

    def test_what_is_wrong_is_said(self):
        for results, flags, expected in [
                (small_run(), [], "several devices: add --device, cpu or cuda:0"),
                (small_run(), ["--device", "cuda:7"], "no cuda:7, only cpu, cuda:0"),
                ({"benchmarks": []}, [], "no case of it has pct_ceiling"),
                ("{", [], "in.json: "),
        ]:
            status, said, root = run(results, *flags)
            self.assertEqual(status, 1)
            self.assertIn(expected, said)
            self.assertIsNone(root)


if __name__ == "__main__":
    unittest.main()
