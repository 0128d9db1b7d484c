using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>What a check of records, layers and mounts has found.</summary>
internal static class FsckView
{
    public static void Write(Utf8JsonWriter json, FsckReport report)
    {
        json.WriteStartObject();
        json.WriteStartObject("looked_at");
        json.WriteNumber("sandboxes", report.Sandboxes);
        json.WriteNumber("snapshots", report.Snapshots);
        json.WriteNumber("live_layers", report.LiveLayers);
        json.WriteNumber("sealed_layers", report.SealedLayers);
        json.WriteNumber("mounts", report.Mounts);
        json.WriteEndObject();
        json.WriteItems(report.Findings, Write);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, FsckFinding finding)
    {
        json.WriteStartObject();
        json.WriteString("kind", finding.Kind);
        json.WriteString("subject", finding.Subject);
        json.WriteString("outcome", finding.Outcome switch
        {
            FsckOutcome.Repaired => "repaired",
            FsckOutcome.Repairable => "repairable",
            _ => "manual",
        });
        json.WriteString("explanation", finding.Explanation);
        json.WriteEndObject();
    }
}
