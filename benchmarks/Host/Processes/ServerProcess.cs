using System.Diagnostics;
using Sleigh.Cli;
using Sleigh.Cli.Http;
using Sleigh.Linux;

namespace Sleigh.Benchmarks.Host.Processes;

/// <summary>A daemon that this program started.</summary>
internal sealed class ServerProcess
{
    private readonly Process _process;
    private readonly string _name;
    private readonly string _log;

    private ServerProcess(Process process, string name, string log) => (_process, _name, _log) = (process, name, log);

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>From just before it was started until it was ready.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>
    /// Starts a program and returns when <paramref name="path"/> on its unix socket is answered with 200. The socket is tried each millisecond;
    /// the clock runs from just before the process is made.
    /// </summary>
    /// <exception cref="CliException">It ended, or was not ready within a minute.</exception>
    public static async Task<ServerProcess> StartAsync(ServerCommand command, string socket, string path, CancellationToken cancellationToken)
    {
        using var http = new UnixHttpClient(socket);
        return await StartAsync(command, token => IsReadyAsync(http, path, token), cancellationToken);
    }

    /// <summary>Starts a program and returns when it is ready by a rule of the caller's.</summary>
    public static async Task<ServerProcess> StartAsync(
        ServerCommand command, Func<CancellationToken, Task<bool>> isReady, CancellationToken cancellationToken)
    {
        // A shell only to send the output into a file: exec keeps the process, and the file outlives this program.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null", "sh", command.Log, .. command.Argv]);
        foreach ((string key, string value) in command.Environment)
        {
            start.Environment[key] = value;
        }

        long begun = Stopwatch.GetTimestamp();
        var server = new ServerProcess(Process.Start(start)!, command.Argv[0], command.Log);
        while (true)
        {
            if (await isReady(cancellationToken))
            {
                server.ReadyAfter = Stopwatch.GetElapsedTime(begun);
                return server;
            }

            if (server._process.HasExited || Stopwatch.GetElapsedTime(begun) > TimeSpan.FromMinutes(1))
            {
                string how = server._process.HasExited ? $"ended with status {server._process.ExitCode}" : "is not ready after 60 s";
                await server.StopAsync();
                throw new CliException(ExitCode.Failure, $"{command.Argv[0]} {how}; its log is {command.Log}: {LastWords(command.Log)}");
            }

            await Task.Delay(1, cancellationToken);
        }
    }

    /// <summary>Asks it to end and waits.</summary>
    public async Task StopAsync()
    {
        if (_process.HasExited)
        {
            return;
        }

        Signals.TrySend(Id, Signals.Terminate);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            throw new CliException(ExitCode.Failure, $"{_name} (pid {Id}) did not end within 30 s after SIGTERM; its log is {_log}");
        }
    }

    private static async Task<bool> IsReadyAsync(UnixHttpClient http, string path, CancellationToken cancellationToken)
    {
        try
        {
            return (await http.SendAsync(new HttpCall("GET", path), cancellationToken)).Status == 200;
        }
        catch (CliException)
        {
            return false;
        }
    }

    private static string LastWords(string log) =>
        File.Exists(log) ? string.Join(" | ", File.ReadLines(log).TakeLast(3)) : "nothing was logged";
}
