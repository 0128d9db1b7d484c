using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>The checklist's lines about commands, against the daemon as it runs.</summary>
[Collection(ContractCollection.Name)]
public sealed partial class ExecLines(ContractFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("E11", Part = "CPU and wall time")]
    public async Task Figures_of_a_known_load_are_within_a_tenth()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        // Two processes burn, one sleeps; the shell tells what the kernel has counted for it and its children.
        const string Load =
            "burn() { i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; }; (burn); burn; sleep 0.5; times";
        long begin = Stopwatch.GetTimestamp();
        ExecReply exec = await sandbox.ExecAsync(Load);
        double outside = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;

        Assert.True(exec.ExitCode == 0, exec.ToString());
        JsonObject usage = exec.Json["usage"]!.AsObject();
        double burnt = 1e6 * Time().Matches(exec.Stdout)
            .Sum(t => (60 * int.Parse(t.Groups[1].Value, CultureInfo.InvariantCulture)) + double.Parse(t.Groups[2].Value, CultureInfo.InvariantCulture));
        Assert.True(burnt > 200_000, exec.Stdout);
        Assert.InRange((long)usage["cpu_usec"]!, burnt * 0.9, burnt * 1.1);
        Assert.InRange((long)usage["wall_ms"]!, 500, outside + 1);
        Assert.True(outside - (long)usage["wall_ms"]! < Math.Max(100, outside * 0.1), $"{outside:F0} ms outside, {usage.ToJsonString()}");
    }

    [GeneratedRegex(@"(\d+)m([\d.]+)s", RegexOptions.CultureInvariant)]
    private static partial Regex Time();
}
