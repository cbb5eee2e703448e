#!/usr/bin/env python3
"""explain_test.py DRAGOMAN PROGRAM: the page of --explain needs nothing from outside, its links lead somewhere, and a
browser (Debian's chromium, headless, where it is installed) shows it as it was written: nothing sticks out of wide and of
narrow windows, searching and enlarging work, and it is dark where the user wants that."""
import glob
import html.parser
import os
import re
import shutil
import subprocess
import sys
import tempfile

from browser import Browser

OUTSIDE = ("src", "action", "data", "poster", "srcset")

# What is seen of the page, before and after its parts have been used.
PROBE = """
(() => {
  const result = {width: innerWidth, content: document.documentElement.scrollWidth};
  const visible = (s) => [...document.querySelectorAll(s)].filter((e) => e.getClientRects().length).length;
  result.background = getComputedStyle(document.body).backgroundColor;
  result.frames = visible('.flame a');
  const narrowest = [...document.querySelectorAll('.flame a')].at(-1);
  narrowest.click();
  result.enlarged = narrowest.style.width;
  document.getElementById('reset').click();
  result.again = visible('.flame a');
  const search = document.getElementById('search');
  const look = (text) => { search.value = text; search.dispatchEvent(new Event('input')); };
  result.functions = visible('tr[data-kind=f]');
  look('main');
  result.found = visible('tr[data-kind=f]');
  look('no such function');
  result.nothing = visible('tr[data-kind=f]') + visible('section.fn');
  look('');
  result.optimised = visible('.ir.opt p');
  document.getElementById('raw').click();
  result.raw = visible('.ir.raw p');
  result.left = visible('.ir.opt p');
  result.ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  return result;
})()
"""


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.outside, self.rows = set(), set(), [], 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.rows += tag == "tr"
        for name, value in attributes:
            if name == "id":
                self.ids.add(value)
            elif name == "href":
                if value.startswith("#"):
                    self.links.add(value[1:])
                else:
                    self.outside.append(value)
            elif name in OUTSIDE:
                self.outside.append(value)


def explain(dragoman, program, folder):
    done = subprocess.run([dragoman, "--explain", "hot", program, "argument"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (name,) = glob.glob(folder + "/explain-*.html")
    return name


def test_in_browser(browser, name, page):
    for width, dark in ((1280, False), (1280, True), (390, False), (390, True)):
        browser.open(name, width, 900, dark)
        seen = browser.evaluate(PROBE)
        assert set(seen.pop("ids")) == page.ids
        assert seen["content"] <= seen["width"] == width, seen
        assert seen["frames"] > 2 and seen["again"] == seen["frames"] and seen["enlarged"] == "100%", seen
        assert seen["functions"] > seen["found"] > 0 and seen["nothing"] == 0, seen
        assert seen["optimised"] > 0 and seen["raw"] > 0 and seen["left"] == 0, seen
        light = sum(map(int, re.findall(r"\d+", seen["background"])))
        assert light < 200 if dark else light == 3 * 255, seen


def main():
    with tempfile.TemporaryDirectory() as folder:
        name = explain(sys.argv[1], os.path.abspath(sys.argv[2]), folder)
        with open(name, encoding="utf-8") as file:
            text = file.read()
        page = Page(text)
        assert page.outside == [], page.outside
        assert "@import" not in text and "url(" not in text
        assert page.links and page.links <= page.ids, page.links - page.ids
        assert page.rows > 2, "no blocks in the table"
        assert "print_args.c" in text and "printf" in text, "neither source nor functions"
        browser = shutil.which("chromium")
        if browser is None:
            print("no chromium: the page was read, but not shown")
            return
        browser = Browser(browser, folder)
        try:
            test_in_browser(browser, name, page)
        finally:
            browser.close()


main()
