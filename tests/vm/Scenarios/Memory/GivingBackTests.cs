using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios.Memory;

/// <summary>What happens after a burst, and its record: the one that docs/memory.md shows is made by the first of these tests.</summary>
[Stage(35)]
public sealed class GivingBackTests(SharedMachine shared, SleighMachine sleigh, ITestOutputHelper output) : MemoryScenario(shared, sleigh, output)
{
    private const int BaseMb = 185, StartMb = 256;

    [HostFact(Need.VirtualMachine)]
    public async Task A_minute_after_a_burst_memory_and_limit_are_within_a_tenth_of_what_they_were()
    {
        await using TestSandbox sandbox = await GrowingAsync(StartMb);
        SlotFiles files = await SlotFiles.OfAsync(Sleigh, sandbox);
        await Machine.CopyInAsync(Path.Combine(Host.Repository, "scripts", "memory-record.sh"), "/root/memory-record.sh");
        Task<GuestResult> recording = await Machine.StartCommandAsync(
            GuestCommand.Shell($"bash /root/memory-record.sh {sandbox.Id} --seconds 68 > /root/burst.csv"));

        string exec = await sandbox.StartAsync($"exec burst {BaseMb} 1024 2000 300 63000 2500");
        await ReachesAsync(files, "memory.current", BaseMb);
        long baseline = long.Parse(await files.TextAsync("memory.current"));
        await ReachesAsync(files, "execs/memory.high", 1024);
        await Poll.UntilAsync(async () => (await Client.ExecOfAsync(sandbox.Id, exec)).StdoutBytes > 0, 30, () => "the burst does not end");
        await Task.Delay(TimeSpan.FromSeconds(60));

        long now = long.Parse(await files.TextAsync("memory.current"));
        (long brake, long wall, _) = await files.LimitsAsync();
        JsonObject memory = await PressureAsync(sandbox);
        Output.WriteLine($"baseline {baseline / MiB} MB; a minute after the burst {now / MiB} MB in use, brake {brake} MB, wall {wall} MB");
        Assert.InRange(now, baseline * 0.9, baseline * 1.1);
        Assert.InRange(brake, StartMb, StartMb * 1.1);
        Assert.InRange(wall, StartMb, (StartMb * 1.1 * 1.25) + 64);
        Assert.Equal(brake, (long)memory["current_limit_mb"]!);
        AssertNobodyWasKilled(memory);
        Assert.Contains(memory["decisions"]!.AsArray(), d => (string)d!["action"]! == "given_back");
        BurstOf(await sandbox.FinalAsync(exec));

        (await recording).MustSucceed();
        await AssertIsARecordAsync();
    }

    private async Task AssertIsARecordAsync()
    {
        string folder = Path.Combine(Host.Repository, "artifacts", "test", "vm", Machine.Kind.Word());
        Directory.CreateDirectory(folder);
        string record = Path.Combine(folder, "memory-burst.csv");
        await Machine.CopyOutAsync("/root/burst.csv", record);
        string[][] lines = [.. File.ReadLines(record).Skip(1).Select(line => line.Split(','))];
        long[] usage = [.. lines.Where(l => l[1].Length > 0).Select(l => long.Parse(l[1]) / MiB)];
        Output.WriteLine($"{record}: {usage.Length} samples, usage up to {usage.Max()} MB");
        Assert.True(usage.Length > 100, $"only {usage.Length} samples");
        Assert.InRange(usage.Max(), 1000, 1060);
        Assert.Contains(lines, l => l[5].StartsWith($"grown from {StartMb} to ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l[5].StartsWith("given_back from ", StringComparison.Ordinal));
    }
}
