using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Cgroups;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Endpoints 3 and 4.</summary>
internal static class HostView
{
    private const int RatioDigits = 4;

    /// <summary>What the host has.</summary>
    public static void WriteResources(Utf8JsonWriter json, HostResources host)
    {
        json.WriteStartObject();
        json.WriteSeconds("time", host.Time);
        json.WriteStartObject("cpu");
        json.WriteNumber("logical_cores", host.Cores);
        json.WriteEndObject();
        WriteMemory(json, host.Figures);
        json.WriteStartObject("docker");
        WriteEngine(json, host);
        json.WriteEndObject();
        json.WriteStartObject("load_avg");
        json.WriteNumber("avg1", host.Figures.Load.Avg1);
        json.WriteNumber("avg5", host.Figures.Load.Avg5);
        json.WriteNumber("avg15", host.Figures.Load.Avg15);
        json.WriteEndObject();
        json.WriteStartObject("engine");
        json.WriteString("kind", "containerd");
        WriteEngine(json, host);
        json.WriteEndObject();
        WritePressure(json, host.Figures.Pressure);
        json.WriteStartObject("disk");
        json.WriteNumber("total_bytes", host.DiskTotalBytes);
        json.WriteNumber("free_bytes", host.DiskFreeBytes);
        json.WriteEndObject();
        json.WriteStartObject("sandboxes");
        json.WriteNumber("running", host.RunningSandboxes);
        json.WriteNumber("total", host.Sandboxes);
        json.WriteEndObject();
        json.WriteStartObject("memory_budget");
        json.WriteNumber("budget_bytes", host.BudgetBytes);
        json.WriteNumber("limits_total_bytes", host.LimitsBytes);
        json.WriteNumber("used_bytes", host.UsedBytes);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>How near it is to running out of memory.</summary>
    public static void WriteDiagnosis(Utf8JsonWriter json, OomDiagnosis diagnosis)
    {
        json.WriteStartObject();
        json.WriteSeconds("time", diagnosis.Time);
        json.WriteString("risk_level", RiskText(diagnosis.Risk));
        WriteMemory(json, diagnosis.Figures);
        WritePressure(json, diagnosis.Figures.Pressure);
        WriteTexts(json, "signals", diagnosis.Signals);
        WriteTexts(json, "recommendations", diagnosis.Recommendations);
        json.WriteStartObject("alert");
        json.WriteOptional("target", diagnosis.Alert.Target);
        json.WriteBoolean("dispatched", diagnosis.Alert.Dispatched);
        json.WriteOptional("error", diagnosis.Alert.Error);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteMemory(Utf8JsonWriter json, HostFigures host)
    {
        json.WriteStartObject("memory");
        json.WriteNumber("total_bytes", host.TotalBytes);
        json.WriteNumber("available_bytes", host.AvailableBytes);
        json.WriteNumber("swap_total_bytes", host.SwapTotalBytes);
        json.WriteNumber("swap_free_bytes", host.SwapFreeBytes);
        json.WriteNumber("available_ratio", Math.Round(host.AvailableRatio, RatioDigits));
        json.WriteEndObject();
    }

    private static void WritePressure(Utf8JsonWriter json, Pressure pressure)
    {
        json.WriteStartObject("pressure");
        json.WriteNumber("some_avg10", pressure.Some.Avg10);
        json.WriteNumber("some_avg60", pressure.Some.Avg60);
        json.WriteNumber("some_avg300", pressure.Some.Avg300);
        json.WriteNumber("full_avg10", pressure.Full.Avg10);
        json.WriteNumber("full_avg60", pressure.Full.Avg60);
        json.WriteNumber("full_avg300", pressure.Full.Avg300);
        json.WriteEndObject();
    }

    private static void WriteEngine(Utf8JsonWriter json, HostResources host)
    {
        json.WriteBoolean("available", host.EngineVersion is not null);
        json.WriteOptional("server_version", host.EngineVersion);
        json.WriteOptional("error", host.EngineVersion is null ? "containerd does not answer" : null);
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static string RiskText(OomRisk risk) => risk switch
    {
        OomRisk.Low => "low",
        OomRisk.Medium => "medium",
        OomRisk.High => "high",
        OomRisk.Critical => "critical",
        _ => throw new ArgumentOutOfRangeException(nameof(risk), risk, "unknown risk"),
    };
}
