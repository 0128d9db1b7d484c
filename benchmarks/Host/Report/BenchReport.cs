using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Parts;
using Sleigh.Cli.Bench;
using Sleigh.Cli.Output;

namespace Sleigh.Benchmarks.Host.Report;

/// <summary>What a run found, for people and for programs.</summary>
/// <param name="Settings">Machine, versions and settings.</param>
/// <param name="Results">The times.</param>
/// <param name="Figures">The other numbers.</param>
/// <param name="WithoutDocker">Why there is no column for Docker; empty when there is one.</param>
internal sealed record BenchReport(
    IReadOnlyList<(string Name, string Value)> Settings, BenchResults Results, IReadOnlyList<Figure> Figures, string WithoutDocker)
{
    private const string Ours = "sleigh";
    private const string Theirs = "docker";
    private static readonly double[] Shares = [0.5, 0.95, 0.99];

    /// <summary>What this host could not show, one sentence each.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];

    /// <summary>Our p50 divided by Docker's, for each series that both have.</summary>
    public IReadOnlyDictionary<string, double> Ratios() => Results.Names
        .Select(name => (name, Ratio: Ratio(Results.Find(name, Ours)?.Percentile(0.5), Results.Find(name, Theirs)?.Percentile(0.5))))
        .Concat(Pairs().Select(p => (p.Name, Ratio: Ratio(p.Ours, p.Theirs))))
        .Where(r => r.Ratio is not null)
        .ToDictionary(r => r.Item1, r => r.Ratio!.Value);

    /// <summary>Tables.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        var times = new Table("WHAT, MS", ">N", ">P50", ">P95", ">P99", ">DOCKER N", ">P50", ">P95", ">P99", ">RATIO");
        foreach (string name in Results.Names)
        {
            Series? ours = Results.Find(name, Ours);
            Series? theirs = Results.Find(name, Theirs);
            times.Row([name, .. Cells(ours), .. Cells(theirs), RatioText(Ratio(ours?.Percentile(0.5), theirs?.Percentile(0.5)))]);
        }

        text.Append(times);
        if (Figures.Count > 0)
        {
            var figures = new Table("WHAT", ">SLEIGH", ">DOCKER", "UNIT", ">RATIO");
            foreach ((string name, string unit, double? ours, double? theirs) in Pairs())
            {
                figures.Row(name, Number(ours), Number(theirs), unit, RatioText(Ratio(ours, theirs)));
            }

            text.Append('\n').Append(figures);
        }

        if (WithoutDocker.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nDocker was not measured: {WithoutDocker}\n");
        }

        foreach (string skipped in Skipped)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nNot measured on this host: {Human.OneLine(skipped)}\n");
        }

        return text.ToString();
    }

    /// <summary>The names and values of <see cref="Settings"/>, one a line.</summary>
    public static string SettingsText(IEnumerable<(string Name, string Value)> settings) =>
        string.Concat(settings.Select(s => $"{s.Name,-26}{Human.OneLine(s.Value)}\n"));

    /// <summary>Better, worse or the same, one ratio a line.</summary>
    public static string ComparisonText(IEnumerable<Comparison> comparisons)
    {
        var table = new Table("RATIO TO DOCKER", ">BASELINE", ">NOW", "VERDICT");
        foreach (Comparison comparison in comparisons)
        {
            table.Row(comparison.Name, RatioText(comparison.Before), RatioText(comparison.Now), comparison.Verdict);
        }

        return table.ToString();
    }

    /// <summary>For a program.</summary>
    public JsonObject ToJson(IEnumerable<Comparison> comparisons)
    {
        JsonObject settings = [];
        foreach ((string name, string value) in Settings)
        {
            settings[name] = value;
        }

        IReadOnlyDictionary<string, double> ratios = Ratios();
        return new JsonObject
        {
            ["settings"] = settings,
            ["series"] = Array(Results.Names, name => new JsonObject
            {
                ["name"] = name,
                [Ours] = Results.Find(name, Ours)?.ToJson(),
                [Theirs] = Results.Find(name, Theirs)?.ToJson(),
                ["ratio"] = ratios.TryGetValue(name, out double ratio) ? Math.Round(ratio, 4) : null,
            }),
            ["figures"] = Array(Pairs(), p => new JsonObject
            {
                ["name"] = p.Name, ["unit"] = p.Unit, [Ours] = Rounded(p.Ours), [Theirs] = Rounded(p.Theirs),
                ["ratio"] = Ratio(p.Ours, p.Theirs) is { } ratio ? Math.Round(ratio, 4) : null,
            }),
            ["baseline"] = Array(comparisons, c => new JsonObject
            {
                ["name"] = c.Name, ["before"] = c.Before, ["now"] = c.Now is { } now ? Math.Round(now, 4) : null, ["verdict"] = c.Verdict,
            }),
            ["failures"] = Array(Results.Failures, f => JsonValue.Create(f)),
            ["not_measured"] = Array(Skipped, s => JsonValue.Create(s)),
            ["without_docker"] = WithoutDocker.Length > 0 ? WithoutDocker : null,
        };
    }

    private IEnumerable<(string Name, string Unit, double? Ours, double? Theirs)> Pairs() => Figures
        .GroupBy(f => (f.Name, f.Unit))
        .Select(g => (g.Key.Name, g.Key.Unit, ValueOf(g, Ours), ValueOf(g, Theirs)));

    private static double? ValueOf(IEnumerable<Figure> figures, string subject) => figures.FirstOrDefault(f => f.Subject == subject)?.Value;

    /// <summary>Null when one is missing or there is nothing to divide by.</summary>
    internal static double? Ratio(double? ours, double? theirs) => ours is { } a && theirs is > 0 and { } b ? a / b : null;

    private static string?[] Cells(Series? series) => series is null
        ? [null, null, null, null]
        : [series.Count.ToString(CultureInfo.InvariantCulture), .. Shares.Select(share => Number(series.Percentile(share)))];

    private static string? Number(double? value) => value?.ToString(value < 1 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static string? RatioText(double? ratio) => ratio?.ToString(ratio < 0.01 ? "0.0000" : ratio < 0.1 ? "0.000" : "0.00", CultureInfo.InvariantCulture);

    private static double? Rounded(double? value) => value is { } number ? Math.Round(number, 2) : null;

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode?> show) => new([.. items.Select(show)]);
}
