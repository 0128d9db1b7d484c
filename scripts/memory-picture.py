#!/usr/bin/env python3
"""memory-picture.py RECORD.csv > PICTURE.svg: draws what scripts/memory-record.sh recorded.

Two panels share the height axis: the burst, from a second before the first growth until a second after the last, and the whole record.
Lines are the memory in use, the brake and the wall; a dot on the brake is a decision, filled where it grew and hollow where it gave back;
a cross is a growth that was refused. Needs python3 alone. The same record always gives the same picture.
"""
import csv
import sys
from xml.sax.saxutils import escape

MIB = 1024 * 1024
WIDTH, HEIGHT = 960, 400
TOP, BOTTOM, LEFT, GAP, RIGHT = 64, 336, 62, 40, 20
LINES = (("usage", "in use"), ("brake", "brake (memory.high)"), ("wall", "wall (memory.max)"))

# One card with a colour of its own: it can be read on a light page and on a dark one, also where a page cannot tell which it is.
STYLE = """
.card{fill:#fff;stroke:#d0d7de}.grid{stroke:#e4e8ec}.axis{stroke:#57606a}text{fill:#24292f;font:12px sans-serif}.title{font-weight:bold}
.usage{stroke:#0969da}.brake{stroke:#bc4c00}.wall{stroke:#6e7781;stroke-dasharray:6 3}polyline{fill:none;stroke-width:1.8}
.area{fill:#0969da;fill-opacity:.12}.grown{fill:#bc4c00}.given{fill:#fff;stroke:#bc4c00;stroke-width:1.5}.refused{stroke:#cf222e;stroke-width:2}
@media(prefers-color-scheme:dark){.card{fill:#161b22;stroke:#30363d}.grid{stroke:#30363d}.axis{stroke:#8b949e}text{fill:#e6edf3}
.usage{stroke:#58a6ff}.brake{stroke:#f0883e}.wall{stroke:#8b949e}.area{fill:#58a6ff}.grown{fill:#f0883e}.given{fill:#161b22;stroke:#f0883e}
.refused{stroke:#ff7b72}}
"""


def fail(sentence):
    sys.exit(f"memory-picture.py: {sentence}")


def read(path):
    """Samples as (seconds, usage, brake, wall) in MB, where None is no limit, and decisions as (seconds, text)."""
    samples, decisions = [], []
    with open(path, encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                at = int(row["time_ms"]) / 1000
                if row["decision"]:
                    decisions.append((at, row["decision"]))
                else:
                    mb = [None if row[name] == "max" else int(row[name]) / MIB for name in ("usage_bytes", "brake_bytes", "wall_bytes")]
                    samples.append((at, *mb))
            except (KeyError, TypeError, ValueError) as error:
                fail(f"line {number} of {path} is no line of a record: {error!r}")
    if len(samples) < 2:
        fail(f"{path} has {len(samples)} samples; two are the least")
    return samples, decisions


def step_of(span, most):
    """The round number nearest to this part of a span that makes at most so many steps."""
    size = 10 ** -2
    while True:
        for factor in (1, 2, 5):
            if span / (size * factor) <= most:
                return size * factor
        size *= 10


def ticks(first, last, most):
    step = step_of(last - first, most)
    value = -(-first // step) * step + 0.0
    while value <= last + step / 1000:
        yield value
        value += step


class Panel:
    def __init__(self, left, right, first, last, top_mb, title):
        self.left, self.right, self.first, self.last, self.top_mb, self.title = left, right, first, last, top_mb, title

    def x(self, at):
        return self.left + (at - self.first) / (self.last - self.first) * (self.right - self.left)

    def y(self, mb):
        return BOTTOM - min(mb, self.top_mb) / self.top_mb * (BOTTOM - TOP)

    def has(self, at):
        return self.first <= at <= self.last

    def points(self, samples, column):
        """Corners of a line that stands until the next sample, without those that change less than half a pixel."""
        inside = [s for s in samples if self.has(s[0])]
        before = [s for s in samples if s[0] < self.first]
        if before:
            inside.insert(0, (self.first, *before[-1][1:]))
        corners = []
        for sample in inside:
            if sample[column] is None:
                continue
            x, y = self.x(sample[0]), self.y(sample[column])
            if column != 1 and corners:
                corners.append((x, corners[-1][1]))
            corners.append((x, y))
        if corners:
            corners.append((self.x(min(self.last, samples[-1][0])), corners[-1][1]))
        kept = []
        for index, corner in enumerate(corners):
            near = kept and abs(kept[-1][1] - corner[1]) < 0.5
            ahead = index + 1 < len(corners) and abs(corners[index + 1][1] - corner[1]) < 0.5
            if not (near and ahead):
                kept.append(corner)
        return kept

    def draw(self, samples, decisions, out):
        out.append(f'<text class="title" x="{self.left}" y="{TOP - 12}">{escape(self.title)}</text>')
        for mb in ticks(0, self.top_mb, 6):
            out.append(f'<path class="grid" d="M{self.left} {self.y(mb):.1f}H{self.right}"/>')
            if self.left == LEFT:
                out.append(f'<text x="{self.left - 8}" y="{self.y(mb) + 4:.1f}" text-anchor="end">{mb:g}</text>')
        for at in ticks(self.first, self.last, 7):
            out.append(f'<path class="axis" d="M{self.x(at):.1f} {BOTTOM}v5"/>')
            out.append(f'<text x="{self.x(at):.1f}" y="{BOTTOM + 19}" text-anchor="middle">{at:g}</text>')
        out.append(f'<path class="axis" fill="none" d="M{self.left} {TOP}V{BOTTOM}H{self.right}"/>')
        for column, (name, _) in enumerate(LINES, 1):
            corners = self.points(samples, column)
            if not corners:
                continue
            text = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
            if name == "usage":
                out.append(f'<polygon class="area" points="{corners[0][0]:.1f},{BOTTOM} {text} {corners[-1][0]:.1f},{BOTTOM}"/>')
            out.append(f'<polyline class="{name}" points="{text}"/>')
        for at, what in decisions:
            if self.has(at):
                self.mark(at, what, samples, out)

    def mark(self, at, what, samples, out):
        brakes = [s[2] for s in samples if s[0] >= at and s[2] is not None] or [s[2] for s in samples if s[2] is not None]
        if not brakes:
            return
        x, y = self.x(at), self.y(brakes[0])
        title = f"<title>{at:.2f} s: {escape(what)}</title>"
        if what.startswith("refused"):
            out.append(f'<path class="refused" d="M{x - 4:.1f} {y - 4:.1f}l8 8m0-8l-8 8">{title}</path>')
        else:
            out.append(f'<circle class="{"grown" if what.startswith("grown") else "given"}" cx="{x:.1f}" cy="{y:.1f}" r="3.5">{title}</circle>')


def burst_of(samples, decisions):
    """From a second before the first growth to a second after the last; the whole record where nothing grew."""
    first, last = 0, samples[-1][0]
    grown = [at for at, what in decisions if what.startswith("grown")]
    if not grown:
        return first, last
    # A growth that comes long after the first is another burst.
    end = max(at for at in grown if at - grown[0] < 10)
    return max(first, min(grown) - 1), min(last, end + 1.5)


def legend(decisions, out):
    x = LEFT
    for name, text in LINES:
        out.append(f'<path class="{name}" fill="none" stroke-width="2.5" d="M{x} 22h26"/><text x="{x + 32}" y="26">{text}</text>')
        x += 48 + 7 * len(text)
    for beginning, mark, text in (
        ("grown", '<circle class="grown" cx="{x}" cy="22" r="3.5"/>', "grew"),
        ("given", '<circle class="given" cx="{x}" cy="22" r="3.5"/>', "gave back"),
        ("refused", '<path class="refused" d="M{x} 18l8 8m0-8l-8 8"/>', "refused"),
    ):
        if any(what.startswith(beginning) for _, what in decisions):
            out.append(mark.format(x=x + 4) + f'<text x="{x + 16}" y="26">{text}</text>')
            x += 36 + 7 * len(text)


def draw(samples, decisions):
    first, last = 0, samples[-1][0]
    highest = max(value for sample in samples for value in sample[1:] if value is not None)
    step = step_of(highest, 6)
    top = -(-highest // step) * step
    middle = LEFT + (WIDTH - LEFT - RIGHT - GAP) // 2
    burst = burst_of(samples, decisions)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Memory of a sandbox: in use, brake and wall">',
        f"<style>{STYLE.replace(chr(10), '')}</style>",
        f'<rect class="card" x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
    ]
    legend(decisions, out)
    Panel(LEFT, middle, *burst, top, "the burst").draw(samples, decisions, out)
    Panel(middle + GAP, WIDTH - RIGHT, first, last, top, "the whole record").draw(samples, decisions, out)
    out.append(f'<text x="{LEFT - 8}" y="{TOP - 12}" text-anchor="end">MB</text>')
    out.append(f'<text x="{(WIDTH + LEFT - RIGHT) // 2}" y="{HEIGHT - 16}" text-anchor="middle">seconds</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.split("\n\n")[0], file=sys.stderr)
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else 2)
    try:
        samples, decisions = read(sys.argv[1])
    except OSError as error:
        fail(f"{sys.argv[1]}: {error.strerror}")
    sys.stdout.write(draw(samples, decisions))


if __name__ == "__main__":
    main()
