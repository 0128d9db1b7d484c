using Sleigh.Cli;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Parts;

/// <summary>How long a daemon takes from the start of its process to its first 200, its containerd running.</summary>
internal static class ReadyPart
{
    /// <summary>The name of the series.</summary>
    public const string Name = "daemon ready, its containerd running";

    /// <summary>Ends and starts each daemon in turn. They run at the end.</summary>
    public static async Task MeasureAsync(IReadOnlyList<IBenchHost> hosts, int rounds, BenchResults results, CancellationToken cancellationToken)
    {
        for (int i = 0; i < rounds; i++)
        {
            foreach (IBenchHost host in hosts)
            {
                try
                {
                    await host.StopAsync();
                    results.Of(Name, host.Name).Add((await host.StartAsync(pool: true, cancellationToken)).TotalMilliseconds);
                }
                catch (CliException ex)
                {
                    results.Fail("ready", host.Name, ex.Message);
                    throw;
                }
            }
        }
    }
}
