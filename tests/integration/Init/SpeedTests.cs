using Sleigh.Runtime;
using Sleigh.Runtime.Init;
using Sleigh.TestSupport;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Sleigh.IntegrationTests.Init;

public sealed class SpeedTests(ITestOutputHelper output)
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task An_exec_of_true_takes_a_few_milliseconds()
    {
        const int Runs = 200;
        await using InitSlot slot = await InitSlot.StartAsync();

        double[] together = await MeasureAsync(slot, Runs, TimeSpan.Zero, "back to back");
        await MeasureAsync(slot, Runs / 2, TimeSpan.FromMilliseconds(20), "20 ms apart");

        output.WriteLine($"init: {slot.StatusKib("VmRSS")} KiB resident, anonymous {slot.StatusKib("RssAnon")}, peak {slot.StatusKib("VmHWM")}");
        Assert.True(together[Runs / 2] < 20, $"p50 is {together[Runs / 2]:F2} ms");
    }

    private static double Ms(DateTimeOffset from, DateTimeOffset? to) => (to!.Value - from).TotalMilliseconds;

    private static string Text(double[] sorted) =>
        $"p50 {sorted[sorted.Length / 2]:F2} ms, p95 {sorted[sorted.Length * 95 / 100]:F2} ms, min {sorted[0]:F2} ms";

    private async Task<double[]> MeasureAsync(InitSlot slot, int runs, TimeSpan pause, string name)
    {
        List<double> whole = [];
        List<double> starting = [];
        List<double> running = [];
        for (int i = 0; i < runs + 20; i++)
        {
            // The leaf and the files are the caller's to make ahead; here only the exec is timed.
            using SlotExec exec = new(slot, ExecId.New());
            InitStart request = exec.Request(["/bin/true"]);
            await Task.Delay(pause);
            long begin = Stopwatch.GetTimestamp();
            await slot.StartAsync(request, exec);
            ExecRecord record = await slot.EndOf(exec.Id);
            whole.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            starting.Add(Ms(record.Accepted, record.Began));
            running.Add(Ms(record.Began!.Value, record.Ended));
            await slot.Connection.ForgetAsync(exec.Id, default);
        }

        double[] sorted = [.. whole.Skip(20).Order()];
        output.WriteLine(
            $"/bin/true {name}, n={runs}: at the host {Text(sorted)}; inside, accepted to began {Text([.. starting.Order()])}, "
            + $"began to ended {Text([.. running.Order()])}");
        return sorted;
    }
}
