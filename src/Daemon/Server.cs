using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Sleigh.Api.Metrics;
using Sleigh.Daemon.Configuration;
using Sleigh.Daemon.Listening;
using Sleigh.Daemon.Logging;
using Sleigh.Daemon.Service;
using Sleigh.Daemon.Telemetry;
using Sleigh.Linux;
using Sleigh.Linux.Systemd;
using Sleigh.Runtime;
using Sleigh.Runtime.Auditing;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon;

/// <summary>The life of the daemon: load, bind, open, say ready, serve and reload, close.</summary>
internal sealed partial class Server : IDisposable
{
    private readonly Func<LoadedConfiguration> _load;
    private readonly SystemdNotify _systemd;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _hangUps = new(0);
    private readonly long _begin = Environment.TickCount64;
    private string _status = "";

    private Server(Func<LoadedConfiguration> load, SystemdNotify systemd) => (_load, _systemd) = (load, systemd);

    /// <summary>Serves until SIGTERM or SIGINT; SIGHUP loads the configuration again.</summary>
    /// <param name="load">Loads and checks the configuration.</param>
    /// <param name="systemd">The service manager.</param>
    public static async Task<int> RunAsync(Func<LoadedConfiguration> load, SystemdNotify systemd)
    {
        using Server server = new(load, systemd);
        using PosixSignalRegistration terminate = On(PosixSignal.SIGTERM, server._stop.Cancel);
        using PosixSignalRegistration interrupt = On(PosixSignal.SIGINT, server._stop.Cancel);

        // One that comes during the start is answered after it: the files may have been read before they were changed.
        using PosixSignalRegistration hangUp = On(PosixSignal.SIGHUP, () => server._hangUps.Release());
        return await server.RunAsync();
    }

    /// <summary>Opens the runtime once to delete everything in it.</summary>
    public static async Task<int> StopAllAsync(SleighOptions options)
    {
        LiveOptions live = new(options);
        using ILoggerFactory loggers = Logs.Create(live);
        using DataLock held = DataLock.Take(options);
        SleighRuntime runtime = await SleighRuntime.OpenAsync(live, held, loggers, TimeProvider.System, _ => { }, CancellationToken.None);
        return await Quiescence.EndOfAsync(await runtime.RemoveAllAsync(CancellationToken.None));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _hangUps.Dispose();
    }

    private async Task<int> RunAsync()
    {
        _systemd.Status("reading the configuration");
        LoadedConfiguration first = _load();
        LiveOptions options = new(first.Options);
        using ILoggerFactory loggers = Logs.Create(options);
        ILogger logger = loggers.CreateLogger("Sleigh");
        DaemonConfiguration configuration = new(first, options, _load, TimeProvider.System, logger);
        try
        {
            await ServeAsync(configuration, loggers, logger);
            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
        catch (Exception e) when (IsNot(logger, e))
        {
            throw;
        }
    }

    private async Task ServeAsync(DaemonConfiguration configuration, ILoggerFactory loggers, ILogger logger)
    {
        SleighOptions options = configuration.Options.Now;
        OpenFileLimit.Raise();
        if (Doctor.OpenFiles() is { Result: not "ok", Remedy: { } remedy } few)
        {
            FewOpenFiles(logger, few.Seen, remedy);
        }

        Starting("taking the data directory and the sockets");
        using DataLock held = DataLock.Take(options);
        using Listeners listeners = Listeners.Open(options);
        using AuditLog audit = new(configuration.Options, TimeProvider.System, logger);
        audit.Begin();
        await using SleighRuntime runtime = await SleighRuntime.OpenAsync(
            configuration.Options, held, loggers, TimeProvider.System, Starting, _stop.Token);
        runtime.Begin(audit);
        (WebApplication server, IReadOnlyList<Figure> figures) = HttpFront.Make(listeners, configuration, runtime, audit, loggers);
        await using WebApplication http = server;

        // Before the first request, which is traced like any other.
        using Exports? exports = Exports.Start(TelemetrySettings.FromEnvironment(), VersionOf.ThisBuild, figures, logger);
        await HttpFront.ServeAsync(http, listeners);
        Ready(logger, VersionOf.ThisBuild, listeners.Address.ToString(), listeners.SocketPath, Environment.TickCount64 - _begin);
        configuration.Watch = (() => _systemd.Reloading(), _ => _systemd.Ready(StatusOf(runtime, listeners, configuration, []).ToString()));
        Show(StatusOf(runtime, listeners, configuration, []), first: true);

        await Task.WhenAll(
            ReloadOnHangUpAsync(configuration),
            new HealthWatch(
                runtime.Host.CheckAsync, troubles => Show(StatusOf(runtime, listeners, configuration, troubles)), TimeProvider.System, logger)
                .RunAsync(_stop.Token),
            BeatAsync(runtime, listeners, logger));

        _systemd.Stopping("waiting for requests under way");
        runtime.BeginStop();
        Stopping(logger);
        await http.StopAsync();
        audit.End();
        _systemd.Status("closing; sandboxes and their commands go on");
    }

    private async Task ReloadOnHangUpAsync(DaemonConfiguration configuration)
    {
        while (!_stop.IsCancellationRequested)
        {
            Task signal = _hangUps.WaitAsync(_stop.Token);
            await signal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (signal.IsCompletedSuccessfully)
            {
                await configuration.ReloadAsync();
            }
        }
    }

    private Task BeatAsync(SleighRuntime runtime, Listeners listeners, ILogger logger) => _systemd.WatchdogInterval is TimeSpan interval
        ? new Heartbeat(
            async token =>
            {
                await OwnDoor.KnockAsync(listeners.SocketPath, token);
                await runtime.RespondAsync();
            },
            () => _systemd.Watchdog(),
            interval,
            TimeProvider.System,
            logger).RunAsync(_stop.Token)
        : Task.CompletedTask;

    private static ServiceStatus StatusOf(SleighRuntime runtime, Listeners listeners, DaemonConfiguration configuration, IReadOnlyList<string> troubles) => new(
        listeners.Address.ToString(), runtime.Sandboxes.List(null).Count, runtime.Execs.CountRunning(null), troubles, configuration.State.Refused);

    private void Starting(string phase) => _systemd.Status($"starting: {phase}");

    private void Show(ServiceStatus status, bool first = false)
    {
        string text = status.ToString();
        if (first)
        {
            _systemd.Ready(text);
        }
        else if (text != _status)
        {
            _systemd.Status(text);
        }

        _status = text;
    }

    // A filter, so that the log has the whole of what nobody foresaw before anything is closed. It never holds.
    private static bool IsNot(ILogger logger, Exception failure)
    {
        if (FailedEnd.Of(failure).IsUnforeseen)
        {
            Unforeseen(logger, failure);
        }

        return false;
    }

    private static PosixSignalRegistration On(PosixSignal signal, Action act) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        act();
    });

    [LoggerMessage(EventId = 1, EventName = "start", Level = LogLevel.Information, Message = "sleighd {Version} is ready on http://{Listen} and {Socket} after {Milliseconds} ms")]
    private static partial void Ready(ILogger logger, string version, string listen, string socket, long milliseconds);

    [LoggerMessage(EventId = 2, EventName = "stop", Level = LogLevel.Information, Message = "Stopping; sandboxes and their commands go on")]
    private static partial void Stopping(ILogger logger);

    [LoggerMessage(EventId = 8, EventName = "fail", Level = LogLevel.Critical, Message = "An error that nobody foresaw ends sleighd")]
    private static partial void Unforeseen(ILogger logger, Exception failure);

    [LoggerMessage(EventId = 9, EventName = "start", Level = LogLevel.Warning, Message = "Open files: {Seen}. To mend it: {Remedy}")]
    private static partial void FewOpenFiles(ILogger logger, string seen, string remedy);
}
