namespace Sleigh.Cli.Quickstart;

/// <summary>The files of the quickstart: a small package that parses and sums times, with its tests.</summary>
internal static class PythonProject
{
    /// <summary>How many tests there are.</summary>
    public const int TestCount = 5;

    /// <summary>How many of them notice <see cref="BrokenTarget"/>.</summary>
    public const int FailuresWhenBroken = 3;

    /// <summary>The file that is broken and changed.</summary>
    public const string Target = "worktime/duration.py";

    /// <summary>Contents by path, relative to the project's folder.</summary>
    public static IReadOnlyDictionary<string, string> Files { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["README.txt"] = "Sums the hours people wrote down.\n",
        ["worktime/__init__.py"] = """
            from worktime.duration import format_minutes, parse_minutes
            from worktime.report import summarize

            __all__ = ["format_minutes", "parse_minutes", "summarize"]

            """,
        [Target] = """
            import re

            _FORM = re.compile(r"(?:(\d+)h)?\s*(?:(\d+)m)?")


            def parse_minutes(text):
                match = _FORM.fullmatch(text.strip())
                if not match or not any(match.groups()):
                    raise ValueError(f"not a duration: {text!r}")
                hours, minutes = (int(part or 0) for part in match.groups())
                return hours * 60 + minutes


            def format_minutes(minutes):
                hours, rest = divmod(minutes, 60)
                return f"{hours}h {rest:02d}m"

            """,
        ["worktime/report.py"] = """
            from worktime.duration import format_minutes, parse_minutes


            def summarize(lines):
                totals = {}
                for line in lines:
                    name, text = line.split(":")
                    totals[name] = totals.get(name, 0) + parse_minutes(text)
                return [f"{name} {format_minutes(total)}" for name, total in sorted(totals.items())]

            """,
        ["tests/__init__.py"] = "",
        ["tests/test_worktime.py"] = """
            import unittest

            from worktime import format_minutes, parse_minutes, summarize


            class WorktimeTests(unittest.TestCase):
                def test_hours_and_minutes_are_added(self):
                    self.assertEqual(parse_minutes("2h 5m"), 125)

                def test_either_part_may_be_missing(self):
                    self.assertEqual([parse_minutes("3h"), parse_minutes("7m")], [180, 7])

                def test_anything_else_is_refused(self):
                    for text in ("", "five", "5s"):
                        with self.assertRaises(ValueError):
                            parse_minutes(text)

                def test_minutes_have_two_digits(self):
                    self.assertEqual(format_minutes(125), "2h 05m")

                def test_a_report_sums_by_name(self):
                    self.assertEqual(summarize(["ann: 1h", "bob: 20m", "ann: 45m"]), ["ann 1h 45m", "bob 0h 20m"])


            if __name__ == "__main__":
                unittest.main()

            """,
    };

    /// <summary>The damage: hours count a hundred minutes.</summary>
    public static string BrokenTarget => Files[Target].Replace("hours * 60", "hours * 100", StringComparison.Ordinal);

    /// <summary>A report that shows what a change did.</summary>
    public const string ReportScript =
        "from worktime import summarize\nprint(' / '.join(summarize(['ann: 1h', 'bob: 20m', 'ann: 45m'])))\n";

    /// <summary>Three different changes; each makes the report come out in its own way.</summary>
    public static IReadOnlyList<ProjectChange> Changes { get; } =
    [
        new(
            "minutes in full",
            Target,
            Files[Target].Replace("f\"{hours}h {rest:02d}m\"", "f\"{minutes} min\"", StringComparison.Ordinal),
            "ann 105 min / bob 20 min"),
        new(
            "rounded to the hour",
            "worktime/report.py",
            Files["worktime/report.py"].Replace("format_minutes(total)", "format_minutes(-(-total // 60) * 60)", StringComparison.Ordinal),
            "ann 2h 00m / bob 1h 00m"),
        new(
            "names in capitals",
            "worktime/report.py",
            Files["worktime/report.py"].Replace("{name} {format", "{name.upper()} {format", StringComparison.Ordinal),
            "ANN 1h 45m / BOB 0h 20m"),
    ];

    /// <summary>The report of the unchanged project.</summary>
    public const string Report = "ann 1h 45m / bob 0h 20m";
}
