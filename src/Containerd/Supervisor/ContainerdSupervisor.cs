using System.Diagnostics;

namespace Sleigh.Containerd;

/// <summary>
/// Keeps a private containerd running: starts it, adopts one that an earlier daemon left, and starts it again when it dies.
/// containerd outlives this object and its process, so that containers go on; only <see cref="StopAsync"/> ends it.
/// </summary>
public sealed class ContainerdSupervisor : IAsyncDisposable
{
    /// <summary>containerd opens a second socket beside its gRPC socket, named with this ending.</summary>
    private const string TtrpcEnding = ".ttrpc";

    private static readonly TimeSpan AdoptPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AdoptedPoll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(60);
    private const long MaxLog = 16 * 1024 * 1024;

    private readonly ContainerdSupervisorOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private FileStream? _lock;
    private Process? _child;
    private ProcessIdentity _process;
    private Task _watching = Task.CompletedTask;
    private volatile int _restarts;

    /// <summary>Makes a supervisor; nothing happens yet.</summary>
    public ContainerdSupervisor(ContainerdSupervisorOptions options, TimeProvider? time = null)
    {
        _options = options;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The gRPC socket of the private containerd.</summary>
    public string SocketPath => _options.SocketPath;

    /// <summary>The process's number; 0 before the first start.</summary>
    public int Pid => _process.Pid;

    /// <summary>Whether it was running before we came.</summary>
    public bool Adopted { get; private set; }

    /// <summary>How often it died and was started again.</summary>
    public int Restarts => _restarts;

    /// <summary>Adopts the running containerd of these directories, or starts one; returns when it answers.</summary>
    /// <exception cref="ContainerdException">One sentence on why it cannot be had.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        GrpcChannel.CheckPath(_options.SocketPath + TtrpcEnding);
        string binary = ContainerdProcess.Locate(_options.Binary);
        try
        {
            MakeDirectory(_options.Root);
            MakeDirectory(_options.State);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new ContainerdException(ContainerdErrorKind.PermissionDenied, $"could not make containerd's directories: {ex.Message}", ex);
        }

        _lock = Lock();
        bool running = false;
        try
        {
            await AdoptOrLaunchAsync(binary, cancellationToken);
            running = true;
        }
        finally
        {
            if (!running)
            {
                await _lock.DisposeAsync();
            }
        }

        _watching = WatchAsync(binary);
    }

    /// <summary>Ends containerd: SIGTERM, and SIGKILL when that is not heeded. Containers go on, each with its shim.</summary>
    public async Task StopAsync()
    {
        await EndWatchAsync();
        if (_process.Pid > 0)
        {
            await ContainerdProcess.EndAsync(_process, _options.StopTimeout, _time);
            if (_child is not null)
            {
                await _child.WaitForExitAsync();
            }

            File.Delete(_options.PidPath);
            _options.Report($"ended containerd (pid {_process.Pid})");
            _process = default;
        }
    }

    /// <summary>Stops supervising; containerd goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndWatchAsync();
        _child?.Dispose();
        _lock?.Dispose();
        _stop.Dispose();
    }

    private async Task EndWatchAsync()
    {
        await _stop.CancelAsync();
        await _watching;
    }

    private async Task AdoptOrLaunchAsync(string binary, CancellationToken cancellationToken)
    {
        if (await AdoptAsync(binary, cancellationToken) is { } running)
        {
            _process = running;
            Adopted = true;
            _options.Report($"adopted containerd (pid {running.Pid}) on {SocketPath}");
        }
        else
        {
            await LaunchAsync(binary, cancellationToken);
        }
    }

    private async Task<ProcessIdentity?> AdoptAsync(string binary, CancellationToken cancellationToken)
    {
        ProcessIdentity? left = File.Exists(_options.PidPath) ? ProcessIdentity.ParsePidFile(await File.ReadAllTextAsync(_options.PidPath, cancellationToken)) : null;
        if (left?.IsAlive() != true)
        {
            // No pid file, or one of an earlier boot: whoever serves the socket tells us its pid.
            left = await ContainerdProcess.FindByAnswerAsync(SocketPath, cancellationToken);
        }

        if (left is not { } process)
        {
            return null;
        }

        string executable = process.Executable();
        if (executable != binary)
        {
            return File.Exists(SocketPath) && await ContainerdProcess.FindByAnswerAsync(SocketPath, cancellationToken) == process
                ? throw new ContainerdException(
                    ContainerdErrorKind.FailedPrecondition,
                    $"the socket {SocketPath} is served by {executable} (pid {process.Pid}), which is not {binary}")
                : null;
        }

        if (await ContainerdProcess.WaitReadyAsync(SocketPath, AdoptPatience, process.IsAlive, _time, cancellationToken))
        {
            await File.WriteAllTextAsync(_options.PidPath, process.ToPidFile(), cancellationToken);
            return process;
        }

        // Its database is locked as long as it lives, so a second one could not start beside it.
        _options.Report($"containerd (pid {process.Pid}) does not answer on {SocketPath}; it is ended and started anew");
        await ContainerdProcess.EndAsync(process, _options.StopTimeout, _time);
        return null;
    }

    private async Task LaunchAsync(string binary, CancellationToken cancellationToken)
    {
        long begin = _time.GetTimestamp();
        string version = await ContainerdProcess.ReadVersionAsync(binary, cancellationToken);
        await File.WriteAllTextAsync(
            _options.ConfigPath, ContainerdConfigFile.Write(_options, ContainerdConfigFile.FormatFor(version)), cancellationToken);
        if (File.Exists(_options.LogPath) && new FileInfo(_options.LogPath).Length > MaxLog)
        {
            File.Move(_options.LogPath, _options.LogPath + ".1", overwrite: true);
        }

        _child?.Dispose();
        Process child = _child = ContainerdProcess.Start(binary, _options);
        if (ProcessIdentity.Find(child.Id) is { } process)
        {
            _process = process;
            await File.WriteAllTextAsync(_options.PidPath, process.ToPidFile(), cancellationToken);
        }

        bool ready = await ContainerdProcess.WaitReadyAsync(SocketPath, _options.StartTimeout, () => !child.HasExited, _time, cancellationToken);
        if (!ready)
        {
            string state = child.HasExited
                ? $"it ended with status {child.ExitCode}"
                : $"it does not answer on {SocketPath} after {_options.StartTimeout.TotalSeconds:0} s";
            if (!child.HasExited)
            {
                await ContainerdProcess.EndAsync(_process, _options.StopTimeout, _time);
            }

            throw new ContainerdException(
                ContainerdErrorKind.Unavailable,
                $"could not start {binary}: {state}; the last line of {_options.LogPath} is: {ContainerdProcess.LastLine(_options.LogPath)}");
        }

        _options.Report($"started {version} (pid {child.Id}) on {SocketPath} in {_time.GetElapsedTime(begin).TotalMilliseconds:0} ms");
    }

    private async Task WatchAsync(string binary)
    {
        CancellationToken stop = _stop.Token;
        TimeSpan pause = FirstPause;
        try
        {
            while (true)
            {
                long begin = _time.GetTimestamp();
                await WaitForEndAsync(stop);
                _options.Report($"containerd (pid {_process.Pid}) has ended; it is started again");
                pause = _time.GetElapsedTime(begin) > StableAfter ? FirstPause : pause;
                while (true)
                {
                    try
                    {
                        await LaunchAsync(binary, stop);
                        _restarts++;
                        break;
                    }
                    catch (Exception ex) when (ex is ContainerdException or IOException or UnauthorizedAccessException)
                    {
                        _options.Report($"{ex.Message}; the next try is in {pause.TotalSeconds:0.##} s");
                        await Task.Delay(pause, _time, stop);
                        pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                    }
                }

                await Task.Delay(pause, _time, stop);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Nobody supervises any more.
        }
    }

    private async Task WaitForEndAsync(CancellationToken cancellationToken)
    {
        if (_child is not null)
        {
            await _child.WaitForExitAsync(cancellationToken);
            return;
        }

        // An adopted one is no child of ours.
        while (_process.IsAlive())
        {
            await Task.Delay(AdoptedPoll, _time, cancellationToken);
        }
    }

    private FileStream Lock()
    {
        try
        {
            // FileShare.None is an flock(2), which ends with this process however it ends.
            return new FileStream(_options.LockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException ex)
        {
            throw new ContainerdException(ContainerdErrorKind.PermissionDenied, $"could not lock {_options.LockPath}: {ex.Message}", ex);
        }
        catch (IOException ex)
        {
            throw new ContainerdException(
                ContainerdErrorKind.FailedPrecondition, $"another daemon supervises the containerd of {_options.Root}", ex);
        }
    }

    private static void MakeDirectory(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            // Processes of containers need to reach their layers through it: others may pass, not list.
            Directory.CreateDirectory(path, (UnixFileMode)Convert.ToInt32("711", 8));
        }
    }
}
