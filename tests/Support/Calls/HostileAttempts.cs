using Xunit;

namespace Sleigh.TestSupport;

/// <summary>The program hostile.c, which tries in a sandbox what must be refused and tells how each attempt went.</summary>
public static class HostileAttempts
{
    /// <summary>Runs all of it as root; every attempt must be refused.</summary>
    public static async Task AreRefusedAsync(TestSandbox sandbox)
    {
        await sandbox.PutAsync("/hostile", await TestProgram.BuildAsync("hostile", isStatic: true));

        string said = await sandbox.RunAsync("mkdir -p /mnt; /hostile");

        string[] lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("end", lines[^1]);
        Assert.True(lines.Length > 100, $"only {lines.Length} attempts:\n{said}");
        string[] holes = [.. lines.Where(line => line.EndsWith(" done", StringComparison.Ordinal))];
        Assert.True(holes.Length == 0, $"not refused: {string.Join(", ", holes)}");
    }
}
