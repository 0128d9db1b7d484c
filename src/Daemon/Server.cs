using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Sleigh.Daemon.Configuration;
using Sleigh.Linux.Systemd;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon;

/// <summary>The life of the daemon: open, listen, say ready, wait for a signal, close.</summary>
internal static partial class Server
{
    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    public static async Task<int> RunAsync(LoadedConfiguration configuration)
    {
        SleighOptions options = configuration.Options;
        long begin = Environment.TickCount64;
        using ILoggerFactory loggers = Logs.Create(options.Log);
        ILogger logger = loggers.CreateLogger("Sleigh");
        SystemdNotify systemd = SystemdNotify.FromEnvironment();
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration terminate = On(PosixSignal.SIGTERM, stop);
        using PosixSignalRegistration interrupt = On(PosixSignal.SIGINT, stop);
        SleighRuntime runtime;
        try
        {
            runtime = await SleighRuntime.StartAsync(options, loggers, TimeProvider.System, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Success;
        }

        await using (runtime)
        {
            await using WebApplication http = await HttpFront.StartAsync(options, configuration.Settings, runtime, loggers);
            Ready(logger, VersionOf.ThisBuild, options.Http.Listen.ToString(), HttpFront.SocketPath(options), Environment.TickCount64 - begin);
            systemd.Ready($"serving on {options.Http.Listen}");
            using Timer? watchdog = systemd.WatchdogInterval is TimeSpan interval
                ? new Timer(_ => systemd.Watchdog(), null, TimeSpan.Zero, interval)
                : null;
            await Task.Delay(Timeout.Infinite, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            systemd.Stopping("waiting for requests under way");
            runtime.BeginStop();
            Stopping(logger);
            await http.StopAsync();
        }

        return ExitCode.Success;
    }

    /// <summary>Opens the runtime once to delete everything in it.</summary>
    public static async Task<int> StopAllAsync(SleighOptions options)
    {
        using ILoggerFactory loggers = Logs.Create(options.Log);
        SleighRuntime runtime = await SleighRuntime.StartAsync(
            options with { Pool = options.Pool with { Size = 0 }, Images = options.Images with { Prefetch = [] } }, loggers, TimeProvider.System, CancellationToken.None);
        await runtime.RemoveAllAsync(CancellationToken.None);
        return ExitCode.Success;
    }

    private static PosixSignalRegistration On(PosixSignal signal, CancellationTokenSource stop) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        stop.Cancel();
    });

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "sleighd {Version} is ready on http://{Listen} and {Socket} after {Milliseconds} ms")]
    private static partial void Ready(ILogger logger, string version, string listen, string socket, long milliseconds);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Stopping; sandboxes and their commands go on")]
    private static partial void Stopping(ILogger logger);
}
