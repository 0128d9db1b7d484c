using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Network;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Views;

/// <summary>Section 3.1 of the contract.</summary>
internal static class SandboxView
{
    /// <summary>The object.</summary>
    public static void Write(Utf8JsonWriter json, Sandbox sandbox)
    {
        json.WriteStartObject();
        WriteMembers(json, sandbox, made: null, withSource: false);
        json.WriteEndObject();
    }

    /// <summary>The object with what keeps the sandbox apart from the host, which is left out when nothing of it runs.</summary>
    public static void WriteWhole(Utf8JsonWriter json, Sandbox sandbox, Isolation? isolation)
    {
        json.WriteStartObject();
        WriteMembers(json, sandbox, made: null, withSource: false);
        if (isolation is not null)
        {
            json.WritePropertyName("isolation");
            IsolationView.Write(json, sandbox, isolation);
        }

        json.WriteEndObject();
    }

    /// <summary>The object in a create reply, which says where the sandbox came from, or in a fork reply.</summary>
    public static void WriteMade(Utf8JsonWriter json, CreatedSandbox made, bool withSource)
    {
        json.WriteStartObject();
        WriteMembers(json, made.Sandbox, made, withSource);
        json.WriteEndObject();
    }

    /// <summary>The reply of a rollback: the sandbox, what happened, and where it was asked for, what became of one step of growth.</summary>
    public static void WriteRollback(Utf8JsonWriter json, RollbackResult result, ExpandResult? growth)
    {
        json.WriteStartObject();
        WriteMembers(json, result.Sandbox, made: null, withSource: false);
        json.WriteString("rolled_back_to", result.Snapshot.ToString());
        json.WriteNumber("duration_ms", JsonText.CeilingMs(result.Duration));
        json.WriteStartArray("ended_exec_ids");
        foreach (ExecId exec in result.EndedExecs)
        {
            json.WriteStringValue(exec.ToString());
        }

        json.WriteEndArray();
        if (growth is not null)
        {
            json.WritePropertyName("memory_growth");
            MemoryView.WriteExpand(json, growth);
        }

        json.WriteEndObject();
    }

    /// <summary>The word for a network.</summary>
    public static string NetworkText(NetworkMode network) => network.ToString().ToLowerInvariant();

    private static void WriteMembers(Utf8JsonWriter json, Sandbox sandbox, CreatedSandbox? made, bool withSource)
    {
        json.WriteString("sandbox_id", sandbox.Id.ToString());
        json.WriteString("image", sandbox.Image);
        json.WriteString("status", StatusText(sandbox.Status));
        WriteLabels(json, sandbox.Labels);
        json.WriteMillis("created", sandbox.Created);
        json.WriteNumber("memory_limit_mb", sandbox.MemoryLimitMb);
        if (made is not null)
        {
            json.WriteNumber("startup_latency_ms", JsonText.CeilingMs(made.Latency));
            if (made.ImagePull is { } pull)
            {
                json.WriteBoolean("image_pull_triggered", true);
                json.WriteString("image_pull_status", "completed");
                json.WriteNumber("image_pull_duration_ms", JsonText.CeilingMs(pull));
            }
        }

        json.WriteString("session_id", sandbox.Session.ToString());
        json.WriteOptional("name", sandbox.Name);
        json.WriteBoolean("auto_expand_memory", sandbox.AutoExpandMemory);
        json.WriteNumber("memory_ceiling_mb", sandbox.MemoryCeilingMb);
        json.WriteString("on_oom", sandbox.OnOom == OomAction.Rollback ? "rollback" : "report");
        json.WriteOptional("auto_snapshot", sandbox.AutoSnapshot == AutoSnapshot.Exec ? "exec" : null);
        WriteCpus(json, sandbox.Cpus);
        json.WriteNumber("pids_limit", sandbox.PidsLimit);
        json.WriteOptional("disk_limit_mb", sandbox.DiskLimitMb);
        json.WriteOptional("disk_limit_kind", sandbox.DiskLimitKind?.ToString().ToLowerInvariant());
        json.WriteString("network", NetworkText(sandbox.Network));
        if (sandbox.Egress is EgressPolicy egress)
        {
            json.WriteStartObject("egress");
            WriteEgress(json, egress);
            json.WriteEndObject();
        }

        if (sandbox.RefusedPackets > 0)
        {
            json.WriteNumber("refused_packets", sandbox.RefusedPackets);
        }

        json.WriteString("runtime", sandbox.RuntimeClass);
        json.WriteWhenTrue("read_only", sandbox.ReadOnly);
        if (sandbox.Ports.Count > 0)
        {
            json.WriteStartArray("ports");
            foreach (int port in sandbox.Ports)
            {
                json.WriteNumberValue(port);
            }

            json.WriteEndArray();
        }

        json.WriteOptional("user", sandbox.User);
        WriteSecrets(json, sandbox);
        json.WriteOptional("base_snapshot_id", sandbox.BaseSnapshot?.ToString());
        if (sandbox.Parent is { } parent)
        {
            json.WriteStartObject("parent");
            json.WriteString("sandbox_id", parent.Sandbox.ToString());
            json.WriteString("snapshot_id", parent.Snapshot.ToString());
            json.WriteEndObject();
        }

        json.WriteMillis("last_used_at", sandbox.LastUsed);
        if (sandbox.Expires is { } expires)
        {
            json.WriteMillis("expires_at", expires);
        }

        if (made is not null)
        {
            if (withSource)
            {
                json.WriteString("source", made.FromPool ? "pool" : "cold");
            }

            WritePhases(json, made.Phases);
        }
    }

    /// <summary>The <c>labels</c> member.</summary>
    public static void WriteLabels(Utf8JsonWriter json, IReadOnlyDictionary<string, string> labels)
    {
        json.WriteStartObject("labels");
        foreach ((string key, string value) in labels)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    // The names and never more.
    private static void WriteSecrets(Utf8JsonWriter json, Sandbox sandbox)
    {
        if (sandbox.SecretNames.Count == 0)
        {
            return;
        }

        json.WriteStartArray("secret_names");
        foreach (string name in sandbox.SecretNames)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        if (sandbox.AreSecretsLost)
        {
            json.WriteBoolean("secrets_lost", true);
        }
    }

    /// <summary>The members of a policy.</summary>
    public static void WriteEgress(Utf8JsonWriter json, EgressPolicy egress)
    {
        json.WriteString("mode", egress.Mode.ToString().ToLowerInvariant());
        WriteRules(json, "allow", EgressEntry.Of(egress.Allow, egress.AllowNames));
        WriteRules(json, "deny", EgressEntry.Of(egress.Deny, egress.DenyNames));
    }

    private static void WriteRules(Utf8JsonWriter json, string name, IReadOnlyList<EgressEntry> rules)
    {
        if (rules.Count > 0)
        {
            json.WriteStartArray(name);
            foreach (EgressEntry rule in rules)
            {
                json.WriteStringValue(rule.ToString());
            }

            json.WriteEndArray();
        }
    }

    /// <summary>The <c>refused_by</c> member: refused packets by reason.</summary>
    public static void WriteRefused(Utf8JsonWriter json, Refusals refused)
    {
        json.WriteStartObject("refused_by");
        json.WriteNumber("denied", refused.Denied);
        json.WriteNumber("protected", refused.Protected);
        json.WriteNumber("not_allowed", refused.NotAllowed);
        json.WriteNumber("connections", refused.Connections);
        json.WriteEndObject();
    }

    /// <summary>The <c>cpus</c> member, where there is a limit.</summary>
    public static void WriteCpus(Utf8JsonWriter json, double? cpus)
    {
        if (cpus is { } limit)
        {
            json.WriteNumber("cpus", limit);
        }
    }

    /// <summary>The word for a status.</summary>
    public static string StatusText(SandboxStatus status) => status switch
    {
        SandboxStatus.Created => "created",
        SandboxStatus.Running => "running",
        SandboxStatus.Paused => "paused",
        SandboxStatus.Exited => "exited",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "unknown status"),
    };

    private static void WritePhases(Utf8JsonWriter json, CreatePhases phases)
    {
        json.WriteStartObject("phases_ms");
        json.WriteNumber("admission", WholeMs(phases.Admission));
        json.WriteNumber("image", WholeMs(phases.Image));
        json.WriteNumber("rootfs", WholeMs(phases.Rootfs));
        json.WriteNumber("network", WholeMs(phases.Network));
        json.WriteNumber("create", WholeMs(phases.Create));
        json.WriteNumber("start", WholeMs(phases.Start));
        json.WriteEndObject();
    }

    private static long WholeMs(TimeSpan time) => (long)Math.Round(time.TotalMilliseconds);
}
