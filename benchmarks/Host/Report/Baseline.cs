using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Benchmarks.Host.Report;

/// <summary>Ratios of an earlier run. Times differ from machine to machine; what we take of Docker's time hardly does.</summary>
/// <param name="Commit">What was measured then.</param>
/// <param name="Time">When.</param>
/// <param name="Ratios">Our p50 divided by Docker's, by series.</param>
internal sealed record Baseline(string Commit, string Time, IReadOnlyDictionary<string, double> Ratios)
{
    /// <summary>Reads a file that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CliException">It cannot be read, or is something else.</exception>
    public static Baseline Read(string path)
    {
        try
        {
            JsonNode? node = JsonNode.Parse(File.ReadAllText(path));
            JsonObject ratios = node.Object("ratios") ?? throw new CliException(ExitCode.Usage, $"{path} is no baseline: it has no object 'ratios'");
            return new Baseline(
                node.Text("commit") ?? "?",
                node.Text("time") ?? "?",
                ratios.ToDictionary(r => r.Key, r => r.Value is JsonValue value && value.TryGetValue(out double ratio) && ratio > 0
                    ? ratio : throw new CliException(ExitCode.Usage, $"{path}: the ratio of '{r.Key}' is {r.Value?.ToJsonString() ?? "null"}, must be a number above 0")));
        }
        catch (Exception ex) when (ex is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Usage, $"cannot read the baseline {path}: {ex.Message}", inner: ex);
        }
    }

    /// <summary>Writes it beside and renames it into place.</summary>
    public void Write(string path)
    {
        JsonObject ratios = [];
        foreach ((string name, double ratio) in Ratios)
        {
            ratios[name] = Math.Round(ratio, 4);
        }

        File.WriteAllText(path + ".new", JsonText.Of(new JsonObject { ["commit"] = Commit, ["time"] = Time, ["ratios"] = ratios }));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Every ratio of the baseline beside the one of now.</summary>
    public IReadOnlyList<Comparison> Compare(IReadOnlyDictionary<string, double> now, double tolerance) =>
        [.. Ratios.Select(r => Comparison.Of(r.Key, r.Value, now.TryGetValue(r.Key, out double ratio) ? ratio : null, tolerance))];
}
