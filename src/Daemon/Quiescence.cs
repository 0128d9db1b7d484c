using Microsoft.Extensions.Logging;
using Sleigh.Daemon.Logging;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon;

/// <summary><c>sleighd quiesce</c>: ends all that runs and keeps all that is kept.</summary>
internal static class Quiescence
{
    public static async Task<int> RunAsync(SleighOptions options)
    {
        // To find nothing, nothing is made: no data directory, no pool, no private containerd.
        if (!File.Exists(Path.Combine(options.DataDir, "sleigh.db")))
        {
            Console.WriteLine($"nothing to end: data_dir {options.DataDir} has no records");
            return ExitCode.Success;
        }

        LiveOptions live = new(options);
        using ILoggerFactory loggers = Logs.Create(live);
        using DataLock held = DataLock.Take(options);
        SleighRuntime runtime = await SleighRuntime.OpenAsync(live, held, loggers, TimeProvider.System, _ => { }, CancellationToken.None);
        return await EndOfAsync(await runtime.QuiesceAsync());
    }

    /// <summary>The exit code, and a sentence on standard error when something could not be removed.</summary>
    /// <param name="left">Slots that are still there, or the network.</param>
    public static async Task<int> EndOfAsync(IReadOnlyList<string> left)
    {
        if (left.Count == 0)
        {
            return ExitCode.Success;
        }

        await Console.Error.WriteLineAsync($"sleighd: did not remove {string.Join(", ", left)}; run this again, the log says why it failed");
        return ExitCode.Containerd;
    }
}
