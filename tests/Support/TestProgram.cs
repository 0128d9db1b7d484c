using System.Collections.Concurrent;

namespace Sleigh.TestSupport;

/// <summary>The C programs in the folder Programs, built with musl-gcc when a test needs them.</summary>
public static class TestProgram
{
    private static readonly ConcurrentDictionary<(string, bool), Lazy<Task<byte[]>>> Built = new();

    /// <summary>The program's bytes.</summary>
    public static Task<byte[]> BuildAsync(string name, bool isStatic) =>
        Built.GetOrAdd((name, isStatic), key => new Lazy<Task<byte[]>>(() => CompileAsync(name, isStatic))).Value;

    private static async Task<byte[]> CompileAsync(string name, bool isStatic)
    {
        string source = Path.Combine(Host.Repository, "tests", "integration", "Daemon", "Programs", name + ".c");
        string target = Path.Combine(Directory.CreateTempSubdirectory("sl-c-").FullName, name);
        try
        {
            // Debian's musl-gcc has no kernel headers of its own.
            string[] link = isStatic ? ["-static"] : [];
            await ToolRunner.RunAsync("musl-gcc", [.. link, "-Os", "-Wall", "-Wextra", "-s", "-o", target, source]);
            return await File.ReadAllBytesAsync(target);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(target)!, recursive: true);
        }
    }
}
