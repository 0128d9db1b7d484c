using System.Diagnostics;
using System.Globalization;
using Sleigh.Benchmarks.Host.Processes;

namespace Sleigh.Benchmarks.Host.Report;

/// <summary>On what was measured.</summary>
internal static class Machine
{
    /// <summary>Names and values, in the order in which they are shown.</summary>
    public static IReadOnlyList<(string Name, string Value)> Describe(BenchPaths paths) =>
    [
        ("time", DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC"),
        ("commit", paths.Commit),
        ("cpu", Value("/proc/cpuinfo", "model name") ?? "?"),
        ("cores", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
        ("memory", ProcessMemory.Mib(ProcessTable.Read("/proc/meminfo"), "MemTotal:") is { } mib ? $"{mib / 1024:0.0} GiB" : "?"),
        ("kernel", ProcessTable.Read("/proc/sys/kernel/osrelease")?.Trim() ?? "?"),
        ("system", Value("/etc/os-release", "PRETTY_NAME")?.Trim('"') ?? "?"),
        ("file system", new DriveInfo(paths.DataDir).DriveFormat),
        ("load at the start", Load()),
        ("runc", FirstLine("runc", "--version")),
    ];

    /// <summary>The load of the last minute, five and fifteen.</summary>
    public static string Load() => string.Join(' ', (ProcessTable.Read("/proc/loadavg") ?? "?").Split(' ').Take(3));

    /// <summary>The value behind <c>name :</c> or <c>name=</c> in a text.</summary>
    internal static string? ValueIn(string? text, string name) => text?.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => line[name.Length..].TrimStart('\t', ' ', ':', '=').Trim())
        .FirstOrDefault();

    private static string? Value(string file, string name) => ValueIn(ProcessTable.Read(file), name);

    private static string FirstLine(string program, string argument)
    {
        using Process? process = Process.Start(new ProcessStartInfo(program, [argument]) { RedirectStandardOutput = true });
        string? line = process?.StandardOutput.ReadLine();
        process?.StandardOutput.ReadToEnd();
        process?.WaitForExit();
        return line ?? "?";
    }
}
