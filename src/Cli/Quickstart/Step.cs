using System.Text.Json.Nodes;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Quickstart;

/// <summary>One step as it went.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Milliseconds">How long the step took, all its calls and checks.</param>
/// <param name="Checked">What was found right; null when the step failed.</param>
/// <param name="Failure">What was expected and what was seen; null when the step passed.</param>
internal sealed record Step(string Name, double Milliseconds, string? Checked, string? Failure)
{
    /// <summary>A line for a person.</summary>
    public string ToLine() =>
        $"{(Failure is null ? "ok  " : "FAIL")}  {Human.Milliseconds(Milliseconds),8}  {Name}: {Human.OneLine(Failure ?? Checked ?? "")}";

    /// <summary>The same for a program.</summary>
    public JsonObject ToJson()
    {
        JsonObject json = new() { ["name"] = Name, ["ok"] = Failure is null, ["ms"] = Math.Round(Milliseconds, 1) };
        json[Failure is null ? "checked" : "failure"] = Failure ?? Checked;
        return json;
    }
}
