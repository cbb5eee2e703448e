#!/usr/bin/env python3
"""explain_test.py DRAGOMAN PROGRAM: the page of --explain needs nothing from outside, its links lead somewhere, and a
browser (Debian's chromium, headless, where it is installed) shows it as it was written."""
import glob
import html.parser
import os
import shutil
import subprocess
import sys
import tempfile

OUTSIDE = ("src", "action", "data", "poster", "srcset")


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


def show(browser, folder, name):
    """The page as the browser has it, which is told that there is no network."""
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + folder + "/browser", "--dump-dom",
         "file://" + name],
        capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main():
    with tempfile.TemporaryDirectory() as folder:
        name = explain(sys.argv[1], os.path.abspath(sys.argv[2]), folder)
        text = open(name, encoding="utf-8").read()
        page = Page(text)
        assert page.outside == [], page.outside
        assert "@import" not in text and "url(" not in text
        assert page.links and page.links <= page.ids, page.links - page.ids
        assert page.rows > 2, "no blocks in the table"
        browser = shutil.which("chromium")
        if browser is None:
            print("no chromium: the page was read, but not shown")
            return
        shown = Page(show(browser, folder, name))
        assert (shown.ids, shown.links, shown.rows) == (page.ids, page.links, page.rows)


main()
