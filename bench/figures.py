"""What the measuring scripts share: running a program and its figures, and their mean."""

import math
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def build_launcher(output):
    """Makes the program that runs another and measures it (launcher.c): static, for use in any root."""
    subprocess.run(["gcc", "-O2", "-static", HERE / "launcher.c", "-o", output], check=True)


def launcher_figures(error):
    """Messages of the program, and wall seconds, CPU seconds and peak KiB of a run, from the launcher's standard error; None
    instead of figures where a run failed."""
    *messages, last = error.strip().splitlines() or [""]
    fields = last.split()
    good = len(fields) == 4 and fields[0] == "0"
    return [*messages, last], [float(field) for field in fields[1:]] if good else None


def mean(values):
    """The geometric mean of those that there are."""
    values = [v for v in values if not math.isnan(v)]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan
