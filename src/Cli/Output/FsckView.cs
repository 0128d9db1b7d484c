using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>What a check of records, layers and mounts has found, as text for people. Pure: values in, text out.</summary>
internal static class FsckView
{
    /// <summary>A line for each finding with its sentence below, and what was looked at.</summary>
    public static string Text(JsonObject report, Paint paint)
    {
        var text = new StringBuilder();
        JsonObject[] findings = [.. report.Items()];
        foreach (JsonObject finding in findings)
        {
            string outcome = Human.OneLine(finding.Text("outcome") ?? "").PadRight(10);
            string painted = outcome.Trim() switch { "repaired" => paint.Good(outcome), "repairable" => paint.Warning(outcome), _ => paint.Bad(outcome) };
            text.Append($"{painted}  {Human.OneLine(finding.Text("kind") ?? "")}  {Human.OneLine(finding.Text("subject") ?? "")}\n");
            text.Append(' ', 12).Append("-> ").Append(Human.OneLine(finding.Text("explanation") ?? "")).Append('\n');
        }

        JsonObject seen = report.Object("looked_at") ?? [];
        text.Append($"{seen.Show("sandboxes")} sandboxes, {seen.Show("snapshots")} snapshots, {seen.Show("live_layers")} live and ");
        text.Append($"{seen.Show("sealed_layers")} sealed layers, {seen.Show("mounts")} mounts: ");
        return text.Append(Sum(findings)).Append('\n').ToString();
    }

    private static string Sum(JsonObject[] findings)
    {
        if (findings.Length == 0)
        {
            return "all is well";
        }

        int repairable = findings.Count(f => f.Text("outcome") == "repairable");
        return $"{findings.Length} {(findings.Length == 1 ? "finding" : "findings")}" + (repairable > 0 ? $"; sleighctl fsck --repair mends {repairable}" : "");
    }
}
