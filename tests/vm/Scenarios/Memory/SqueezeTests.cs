using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios.Memory;

/// <summary>Where the operator allows it, an idle sandbox of lower priority is frozen and goes to swap for one in need.</summary>
[Stage(38)]
public sealed class SqueezeTests(SharedMachine shared, SleighMachine sleigh, ITestOutputHelper output) : MemoryScenario(shared, sleigh, output)
{
    // The idle one takes 200 MB of it, and the burst needs more than the rest.
    private const int BudgetMb = 700;
    private const string Swap = "/var/tmp/sleigh-swap";

    [HostFact(Need.VirtualMachine)]
    public async Task An_idle_one_of_lower_priority_makes_room_from_swap_and_its_next_command_finds_all_as_it_was()
    {
        long total = long.Parse(await Sleigh.SaysAsync("awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo"));
        await Sleigh.MustAsync($"dd if=/dev/zero of={Swap} bs=1M count=300 2> /dev/null && chmod 600 {Swap} && mkswap {Swap} && swapon {Swap}");
        await SetAsync($"host_reserve_mb: {total - BudgetMb}", "squeeze_idle: true");
        try
        {
            await using TestSandbox idle = await NewAsync(new JsonObject
            {
                ["memory_limit_mb"] = 256, ["labels"] = new JsonObject { ["sleigh.priority"] = "-1" },
            });
            await using TestSandbox needy = await GrowingAsync();
            SlotFiles files = await SlotFiles.OfAsync(Sleigh, idle);
            await idle.RunAsync("setsid burst 200 200 0 600000 0 > /dev/null 2>&1 < /dev/null & sleep 1");
            await ReachesAsync(files, "memory.current", 200);
            Assert.Equal(0, await files.MbAsync("memory.swap.current"));

            string burst = await needy.StartAsync("exec burst 185 480 2000 3000 0");
            string status = "";
            await Poll.UntilAsync(async () => (status = (string)(await Client.GetAsync(idle.Id))["status"]!) == "paused", 60, () => $"it is {status}");
            ExecReply done = await needy.FinalAsync(burst);

            Output.WriteLine($"the one in need: {BurstOf(done)}; {await files.MbAsync("memory.swap.current")} MB of the idle one in swap");
            AssertNobodyWasKilled(await PressureAsync(needy));
            Assert.InRange(await files.MbAsync("memory.swap.current"), 50, 210);
            JsonObject squeezed = await PressureAsync(idle);
            Assert.True((bool?)squeezed["squeezed"], squeezed.ToJsonString());

            Assert.Equal("1\n", await idle.RunAsync("pidof burst | wc -w"));

            Assert.Equal("running", (string)(await Client.GetAsync(idle.Id))["status"]!);
            Assert.Equal("0", (await Sleigh.SaysAsync($"cat {files.Folder}/memory.swap.max")).Trim());
            AssertNobodyWasKilled(await PressureAsync(idle));
        }
        finally
        {
            await UnsetAsync();
            await Sleigh.MustAsync($"swapoff {Swap}; rm -f {Swap}");
        }
    }
}
