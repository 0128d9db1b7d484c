using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Not a test but figures, run on demand (<c>-explicit only</c>): what automatic snapshots add to the start of a command.</summary>
[Collection(DaemonCollection.Name)]
public sealed class AutoSnapshotFigures(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary, Explicit = true)]
    public async Task Starts()
    {
        await using TestSandbox plain = await fixture.SandboxAsync(TestImages.Busybox);
        await using TestSandbox auto = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["auto_snapshot"] = "exec" });
        string[] kinds = ["off", "exec, nothing changed", "exec, changed"];
        List<double>[] times = [[], [], []];
        for (int round = 0; round < 110; round++)
        {
            await auto.RunAsync("true");
            foreach (int kind in (int[])[0, 1, 2])
            {
                TestSandbox box = kind == 0 ? plain : auto;
                if (kind == 2)
                {
                    await auto.RunAsync("echo $(date +%s%N) >> /log");
                }

                long begin = Stopwatch.GetTimestamp();
                string exec = await box.StartAsync("true");
                double milliseconds = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
                await box.FinalAsync(exec);
                if (round >= 10)
                {
                    times[kind].Add(milliseconds);
                }
            }
        }

        for (int kind = 0; kind < kinds.Length; kind++)
        {
            times[kind].Sort();
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"start, auto_snapshot {kinds[kind]}: p50 {times[kind][50]:F2} ms, p95 {times[kind][95]:F2} ms"));
        }
    }
}
