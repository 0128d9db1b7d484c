using System.IO.Compression;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>All that is known of each file of a sandbox, taken inside it by python3; see <c>Programs/manifest.py</c>.</summary>
public static class FileManifest
{
    /// <summary>Where the program lies inside, as <see cref="PutAsync"/> puts it.</summary>
    private const string Inside = "/manifest.py";

    /// <summary>Brings the program into a sandbox.</summary>
    public static async Task PutAsync(TestSandbox sandbox) => await sandbox.PutAsync(
        Inside, await File.ReadAllBytesAsync(Path.Combine(Host.Repository, "tests", "integration", "Daemon", "Programs", "manifest.py")));

    /// <summary>One line for each file.</summary>
    public static async Task<string[]> OfAsync(DaemonClient client, TestSandbox sandbox)
    {
        // In memory first: the walk must not meet its own output. Packed, it fits the spool of the tests.
        ExecReply exec = await sandbox.ExecAsync($"python3 -B {Inside} > /dev/shm/manifest && gzip -c /dev/shm/manifest", JsonFields.Of("timeout_seconds", 100));
        Assert.True(exec.ExitCode == 0, exec.ToString());
        using MemoryStream packed = new(await client.OutputAsync(sandbox.Id, exec.Id));
        using GZipStream gzip = new(packed, CompressionMode.Decompress);
        using StreamReader reader = new(gzip);
        return (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Fails with the first lines that differ.</summary>
    public static void AssertSame(string[] expected, string[] actual, string where)
    {
        string[] lost = [.. expected.Except(actual).Take(10)];
        string[] extra = [.. actual.Except(expected).Take(10)];
        Assert.True(lost.Length + extra.Length == 0, $"{where}\nmissing:\n{string.Join('\n', lost)}\nnot expected:\n{string.Join('\n', extra)}");
        Assert.Equal(expected.Length, actual.Length);
    }
}
