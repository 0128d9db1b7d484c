using System.Globalization;
using System.Text;
using Sleigh.Benchmarks.MemorySimulation.Model;

namespace Sleigh.Benchmarks.MemorySimulation.Report;

/// <summary>The results for people, as a Markdown table.</summary>
internal static class ResultTable
{
    private const double MB = 1024 * 1024;
    private const double GiB = 1024 * MB;
    private const double StaticGiB = 4;

    private static readonly string[] Heads =
    [
        "trace", "sandboxes", "kills", "done", "throttled s", "% of run", "promised MB, mean", "peak", "used MB, mean", "peak",
        "sandboxes per GiB", "static 4 GiB", "simulated s per s",
    ];

    /// <summary>The table.</summary>
    /// <param name="rows">Each result with its real time.</param>
    public static string Of(IEnumerable<(SimulationResult Result, TimeSpan Took)> rows)
    {
        List<string[]> cells = [Heads, .. rows.Select(row => Row(row.Result, row.Took))];
        int[] widths = [.. Enumerable.Range(0, Heads.Length).Select(i => cells.Max(row => row[i].Length))];
        StringBuilder text = new();
        for (int i = 0; i < cells.Count; i++)
        {
            text.Append('|').AppendJoin('|', cells[i].Select((cell, c) => c == 0 ? $" {cell.PadRight(widths[c])} " : $" {cell.PadLeft(widths[c])} ")).Append("|\n");
            if (i == 0)
            {
                text.Append('|').AppendJoin('|', widths.Select((width, c) => c == 0 ? $" {new string('-', width)} " : $" {new string('-', width - 1)}: ")).Append("|\n");
            }
        }

        return text.ToString();
    }

    private static string[] Row(SimulationResult result, TimeSpan took)
    {
        int count = result.Trace.Workloads.Count;
        double seconds = result.Throttled / 1e6;
        return
        [
            result.Trace.Name, $"{count}", $"{result.Kills}", $"{result.Done}", Text(seconds, "F2"), Text(100 * seconds / count / result.Trace.Seconds, "F2"),
            Text(result.PromisedMean / MB, "F0"), Text(result.PromisedPeak / MB, "F0"), Text(result.UsedMean / MB, "F0"), Text(result.UsedPeak / MB, "F0"),
            Text(count / (result.PromisedPeak / GiB), "F2"), Text(1 / StaticGiB, "F2"), Text(result.Trace.Seconds / Math.Max(took.TotalSeconds, 1e-6), "F0"),
        ];
    }

    private static string Text(double number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
