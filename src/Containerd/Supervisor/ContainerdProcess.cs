using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Sleigh.Linux;

namespace Sleigh.Containerd;

/// <summary>One run of a private containerd: how it is started, found, asked and ended.</summary>
internal static class ContainerdProcess
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(3);

    /// <summary>The full path of a program.</summary>
    /// <exception cref="ContainerdException">NotFound.</exception>
    public static string Locate(string binary)
    {
        IEnumerable<string> places = binary.Contains('/', StringComparison.Ordinal)
            ? [binary]
            : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
                .Split(':').Select(folder => Path.Combine(folder, binary));
        string found = places.FirstOrDefault(File.Exists) ?? throw new ContainerdException(
            ContainerdErrorKind.NotFound,
            binary.Contains('/', StringComparison.Ordinal)
                ? $"there is no containerd at {binary}; install it, or set its path"
                : $"there is no program '{binary}' on PATH; install containerd, or set its path");
        return File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(found);
    }

    /// <summary>What <c>containerd --version</c> prints.</summary>
    /// <exception cref="ContainerdException">The program cannot be run.</exception>
    public static async Task<string> ReadVersionAsync(string binary, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(binary) { ArgumentList = { "--version" }, RedirectStandardOutput = true };
        try
        {
            using Process process = Process.Start(start)!;
            string text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return text.Trim();
        }
        catch (System.ComponentModel.Win32Exception ex)
        {
            throw new ContainerdException(ContainerdErrorKind.PermissionDenied, $"could not run {binary}: {ex.Message}", ex);
        }
    }

    /// <summary>Starts containerd in a session of its own, so that it outlives us; nothing of ours is its standard input or output.</summary>
    public static Process Start(string binary, ContainerdSupervisorOptions options)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList =
            {
                "-c", "exec setsid \"$1\" --config \"$2\" </dev/null >>\"$3\" 2>&1", "sh", binary, options.ConfigPath, options.LogPath,
            },
            WorkingDirectory = "/",
        };

        // Not ours to pass on: NOTIFY_SOCKET, LISTEN_FDS and WATCHDOG_USEC would have it speak to systemd in our name.
        string path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        return Process.Start(start)!;
    }

    /// <summary>The process behind a socket, or null where nothing answers.</summary>
    public static async Task<ProcessIdentity?> FindByAnswerAsync(string socketPath, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
        }
        catch (SocketException)
        {
            return null;
        }

        // SO_PEERCRED of unix(7): pid, uid, gid of whoever called listen(2).
        const int SolSocket = 1;
        const int SoPeerCred = 17;
        Span<int> credentials = stackalloc int[3];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(credentials));
        return ProcessIdentity.Find(credentials[0]);
    }

    /// <summary>Waits until containerd answers a call.</summary>
    /// <returns>False where it did not within the limit.</returns>
    public static async Task<bool> WaitReadyAsync(
        string socketPath, TimeSpan limit, Func<bool> alive, TimeProvider time, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        using var client = new ContainerdClient(
            new ContainerdOptions { SocketPath = socketPath, CallTimeout = TimeSpan.FromSeconds(2) }, time);
        while (time.GetElapsedTime(begin) < limit && alive())
        {
            if (await FindByAnswerAsync(socketPath, cancellationToken) is not null)
            {
                try
                {
                    await client.Version.GetAsync(cancellationToken);
                    return true;
                }
                catch (ContainerdException ex) when (ex.Kind is ContainerdErrorKind.Unavailable or ContainerdErrorKind.DeadlineExceeded)
                {
                    // It listens before it serves.
                }
            }

            await Task.Delay(Poll, time, cancellationToken);
        }

        return false;
    }

    /// <summary>Ends a process: asks first, kills then.</summary>
    public static async Task EndAsync(ProcessIdentity process, TimeSpan patience, TimeProvider time)
    {
        using ProcessHandle? handle = TryOpen(process);
        if (handle is null)
        {
            return;
        }

        foreach ((int signal, TimeSpan limit) in new[] { (Signals.Terminate, patience), (Signals.Kill, TimeSpan.FromSeconds(10)) })
        {
            long begin = time.GetTimestamp();
            handle.TrySignal(signal);
            while (time.GetElapsedTime(begin) < limit)
            {
                if (!process.IsAlive())
                {
                    return;
                }

                await Task.Delay(Poll, time);
            }
        }

        throw new ContainerdException(ContainerdErrorKind.Internal, $"containerd (pid {process.Pid}) did not end, not even by SIGKILL");
    }

    /// <summary>The end of a log, for a message.</summary>
    public static string LastLine(string logPath)
    {
        try
        {
            using FileStream log = File.OpenRead(logPath);
            log.Seek(-Math.Min(log.Length, 4096), SeekOrigin.End);
            using var reader = new StreamReader(log);
            return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "its log is empty";
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return $"its log cannot be read: {ex.Message}";
        }
    }

    private static ProcessHandle? TryOpen(ProcessIdentity process)
    {
        try
        {
            ProcessHandle handle = ProcessHandle.Open(process.Pid);
            if (process.IsAlive())
            {
                return handle;
            }

            handle.Dispose();
            return null;
        }
        catch (KernelException)
        {
            return null;
        }
    }
}
