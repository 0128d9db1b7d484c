using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;

namespace Sleigh.VmTests.Scenarios.Memory;

/// <summary>A test class about memory that grows by itself, with commands shaped like an agent's.</summary>
public abstract class MemoryScenario(SharedMachine shared, SleighMachine sleigh, ITestOutputHelper output) : Scenario(shared, sleigh)
{
    /// <summary>Bytes of a MB.</summary>
    protected const long MiB = 1024 * 1024;

    private const string Settings = "/etc/sleigh/sleigh.d/60-memory.yaml";

    /// <summary>A session of the test's own.</summary>
    protected DaemonClient Client { get; private set; } = null!;

    /// <inheritdoc/>
    protected override bool IsQuiet => true;

    /// <summary>Where figures are told.</summary>
    protected ITestOutputHelper Output { get; } = output;

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Client = await Sleigh.SessionAsync();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A sandbox of the small image, which has burst.c beside busybox.</summary>
    protected async Task<TestSandbox> NewAsync(JsonObject wishes) => new(Client, await Client.NewAsync(SleighMachine.Busybox, wishes));

    /// <summary>A sandbox that begins with so many MB and grows by itself.</summary>
    protected Task<TestSandbox> GrowingAsync(int mb = 256) => NewAsync(new JsonObject { ["memory_limit_mb"] = mb });

    /// <summary>Endpoint 16.</summary>
    protected Task<JsonObject> PressureAsync(TestSandbox sandbox) => Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/memory/pressure", null, 200);

    /// <summary>The decisions to grow, granted or not, newest first.</summary>
    protected static JsonObject[] GrowthOf(JsonObject pressure) => [.. pressure["growth"]!.AsArray().Select(g => g!.AsObject())];

    /// <summary>The kernel killed nothing in it.</summary>
    protected static void AssertNobodyWasKilled(JsonObject pressure) =>
        Assert.True((long)pressure["events"]!["oom_kill"]! == 0, $"the kernel killed: {pressure.ToJsonString()}");

    /// <summary>A command that must end well; gives what its one burst took.</summary>
    private protected static BurstRun BurstOf(ExecReply exec)
    {
        Assert.True(exec.Status == "succeeded", exec.ToString());
        return Assert.Single(BurstRun.AllOf(exec.Stdout));
    }

    /// <summary>Waits until a file of one number in a sandbox's cgroup has this many MB.</summary>
    private protected static Task ReachesAsync(SlotFiles files, string file, long mb, int seconds = 60)
    {
        long seen = 0;
        return Poll.UntilAsync(async () => (seen = await files.MbAsync(file)) >= mb, seconds, () => $"{file} is {seen} MB, not {mb}");
    }

    /// <summary>Puts settings of the section <c>memory</c> in force without a restart; taken away by <see cref="UnsetAsync"/>.</summary>
    protected Task SetAsync(params string[] settings) => Sleigh.MustAsync(
        $"printf 'memory:\\n{string.Concat(settings.Select(s => $"  {s}\\n"))}' > {Settings} && sleighctl config reload");

    /// <summary>Takes the test's settings away.</summary>
    protected Task UnsetAsync() => Sleigh.MustAsync($"rm -f {Settings} && sleighctl config reload");

    /// <summary>The sum over all labels of a metric of endpoint 41 whose line has this text; 0 where there is none.</summary>
    protected async Task<double> MetricAsync(string name, string having = "")
    {
        using HttpClient http = new() { BaseAddress = new Uri($"http://{Sleigh.Address}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Sleigh.ApiKey);
        string text = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return text.Split('\n')
            .Where(line => line.Split('{', ' ')[0] == name && line.Contains(having, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
