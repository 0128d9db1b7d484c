using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>The <c>isolation</c> member of a sandbox.</summary>
internal static class IsolationView
{
    public static void Write(Utf8JsonWriter json, Sandbox sandbox, Isolation isolation)
    {
        json.WriteStartObject();
        json.WriteTexts("capabilities", isolation.Capabilities);
        json.WriteBoolean("no_new_privileges", isolation.NoNewPrivileges);
        json.WriteStartObject("seccomp");
        json.WriteBoolean("filter", isolation.SeccompFilter);
        json.WriteTexts("denied", isolation.SeccompDenied);
        json.WriteEndObject();
        json.WriteTexts("masked_paths", isolation.MaskedPaths);
        json.WriteTexts("read_only_paths", isolation.ReadOnlyPaths);
        json.WriteTexts("namespaces", isolation.Namespaces);
        json.WriteStartObject("network_namespace");
        json.WriteBoolean("own", isolation.HasNetworkNamespace);
        json.WriteOptional("reason", isolation.HasNetworkNamespace ? null : Isolation.HostNetwork);
        json.WriteEndObject();
        json.WriteStartObject("user_namespace");
        json.WriteBoolean("own", isolation.HasUserNamespace);
        json.WriteOptional("reason", isolation.HasUserNamespace ? null : Isolation.NoUserNamespace);
        if (isolation.HostIds is Linux.IdRange ids)
        {
            json.WriteStartObject("host_ids");
            json.WriteNumber("first", ids.Outside);
            json.WriteNumber("count", ids.Count);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("proc");
        json.WriteString("source", isolation.ProcSource);
        json.WriteTexts("files", isolation.ProcFiles);
        json.WriteEndObject();
        WriteLimits(json, sandbox, isolation);
        json.WriteEndObject();
    }

    private static void WriteLimits(Utf8JsonWriter json, Sandbox sandbox, Isolation isolation)
    {
        json.WriteStartObject("limits");
        json.WriteNumber("memory_mb", sandbox.MemoryLimitMb);
        SandboxView.WriteCpus(json, sandbox.Cpus);
        json.WriteNumber("pids", sandbox.PidsLimit);
        json.WriteOptional("disk_mb", sandbox.DiskLimitMb);
        json.WriteOptional("open_files", isolation.OpenFiles);
        json.WriteEndObject();
    }
}
