#!/usr/bin/env python3
"""make_pages.py FOLDER VERSION SECONDS SLEIGHCTL: writes the man pages into the folder.

What a program or a document says itself is taken from there: the commands of sleighctl from their --help, the keys of the
configuration from docs/configuration.md. The rest is written by hand in the files beside this one.
"""

import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent


def escaped(text):
    """Text as roff shows it: backslashes and dashes as they are, no line taken for a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("~", "\\(ti").replace("^", "\\(ha")
    return re.sub(r"(?m)^\.", "\\\\&.", text)


def inline(text):
    """One paragraph of markdown: code and strong words become bold, of a link its words stay."""
    text = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r"\1", text)
    parts = re.split(r"(`[^`]*`|\*\*[^*]*\*\*)", text)
    return "".join("\\fB" + escaped(part.strip("`*")) + "\\fR" if i % 2 else escaped(part) for i, part in enumerate(parts))


def document(markdown):
    """Headings, paragraphs, lists and code of a markdown text."""
    lines = []
    fenced = re.compile(r"(?ms)^```\w*\n(.*?)^```$")
    markdown = fenced.sub(lambda code: re.sub(r"(?m)^", "    ", code[1]), markdown)
    for block in re.split(r"\n\s*\n", markdown.strip("\n")):
        if block.startswith("    "):
            lines += [".PP", ".RS 4", ".nf", escaped(re.sub(r"(?m)^    ", "", block)), ".fi", ".RE"]
        elif heading := re.match(r"#+ (.*)", block):
            lines.append(f".SS {inline(heading[1])}")
        elif re.match(r"(- |\d+\. )", block):
            for item in re.split(r"\n(?=- |\d+\. )", block):
                mark, text = item.split(" ", 1)
                lines += [".IP " + ("\\(bu 2" if mark == "-" else mark + " 4"), inline(re.sub(r"\s*\n\s*", " ", text))]
        else:
            lines += [".PP", inline(block.replace("\n", " "))]
    return "\n".join(lines)


def configuration_keys(table):
    """The table of keys: a heading for each section, an entry for each key."""
    lines, section = [], None
    for row in table:
        key, default, rule, meaning = (cell.strip() for cell in row.strip().strip("|").split(" | "))
        key = key.strip("`")
        first = key.split(".")[0] if "." in key else "General"
        if first != section:
            section = first
            lines.append(f".SS {section}")
        lines += [".TP", f"\\fB{escaped(key)}\\fR", inline(meaning), ".br", f"Must be {inline(rule)}. Default: {inline(default)}."]
    return "\n".join(lines)


def configuration_page():
    text = (REPOSITORY / "docs/configuration.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `.*\|$", text)
    if not rows:
        sys.exit("docs/configuration.md has no table of keys")
    before, _, after = text.partition("| key | default | must be | meaning |")
    after = re.sub(r"(?m)^\|.*$", "", after)
    before = before.split("\n", 1)[1]
    return {"DESCRIPTION": document(before), "KEYS": configuration_keys(rows), "MORE": document(after) if after.strip() else ""}


class Help:
    """What --help of one command says, by its headings."""

    def __init__(self, program, path):
        self.path = path
        text = subprocess.run([program, *path, "--help"], check=True, capture_output=True, text=True).stdout
        self.sections = dict(re.findall(r"(?m)^([A-Z][A-Za-z ]*):\n((?:(?: .*)?\n)*)", text))
        rest = re.sub(r"(?m)^([A-Z][A-Za-z ]*):\n((?:(?: .*)?\n)*)", "", text)
        self.remarks = [line for line in rest.split("\n") if line.strip()]

    def entries(self, heading):
        """Pairs of a term and its meaning; what was wrapped is joined."""
        pairs = []
        for line in self.sections.get(heading, "").split("\n"):
            if match := re.match(r"  (\S.*?)(?:  +(\S.*))?$", line):
                pairs.append([match[1], match[2] or ""])
            elif line.strip() and pairs:
                pairs[-1][1] = (pairs[-1][1].rstrip() + " " + line.strip()).strip()
        return pairs

    def commands(self):
        return [term.split()[0] for term, _ in self.entries("Commands")]

    def paragraph(self, heading):
        return " ".join(self.sections[heading].split())


def term(text):
    """-o, --output <FORM>: what is typed is bold, what stands for something is in italics."""
    parts = re.split(r"<([^>]+)>", text)
    return "".join("\\fI" + escaped(part) + "\\fR" if i % 2 else re.sub(r"([\w?\\-]+)", r"\\fB\1\\fR", escaped(part)) for i, part in enumerate(parts))


def entries(pairs):
    return "\n".join(f".TP\n{term(name)}\n{escaped(meaning)}." for name, meaning in pairs)


def command(program, path, common, lines):
    page = Help(program, path)
    usage = page.paragraph("Usage")
    lines += [f".SS {escaped(' '.join(path))}", term(usage), ".PP", escaped(page.paragraph("Description")) + "."]
    own = [pair for pair in page.entries("Options") if pair[0] not in common]
    if page.entries("Arguments") or own:
        lines.append(entries(page.entries("Arguments") + own))
    for heading, text in page.sections.items():
        if heading not in ("Description", "Usage", "Arguments", "Options", "Commands"):
            lines += [".PP", escaped(heading) + ":", ".RS 4", ".nf", escaped(re.sub(r"(?m)^  ", "", text).strip("\n")), ".fi", ".RE"]
    lines += [".PP\n" + escaped(remark) for remark in page.remarks]


def sleighctl_page(program):
    top = Help(program, [])
    common = [name for name, _ in top.entries("Options")]
    lines = []
    for name in top.commands():
        below = Help(program, [name]).commands()
        for path in [[name, other] for other in below] or [[name]]:
            command(program, path, common, lines)
    codes = top.sections["Exit codes"]
    return {
        "COMMANDS": "\n".join(lines),
        "OPTIONS": entries(top.entries("Options")),
        "REMARKS": "\n".join(".PP\n" + escaped(remark) for remark in top.remarks),
        "ENVIRONMENT": entries(top.entries("Environment")),
        "CODES": "\n".join(f".TP\n\\fB{number}\\fR\n{escaped(text)}." for number, text in re.findall(r"(?m)^  (\d+)  (.*)$", codes)),
        "OTHER_CODES": "\n".join(".PP\n" + escaped(line.strip()) + "." for line in codes.split("\n") if re.match(r"  [a-z]", line)),
    }


def main():
    folder, version, seconds, program = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    fixed = {"VERSION": version, "DATE": time.strftime("%Y-%m-%d", time.gmtime(seconds))}
    for name, parts in {"sleighd.8": {}, "sleighctl.1": sleighctl_page(program), "sleigh.yaml.5": configuration_page()}.items():
        text = (HERE / f"{name}.in").read_text(encoding="utf-8")
        for mark, value in (fixed | parts).items():
            text = text.replace(f"@{mark}@", value)
        if left := re.search(r"@[A-Z_]+@", text):
            sys.exit(f"{name}.in: nothing is known for {left[0]}")
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
