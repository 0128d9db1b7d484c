using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>
/// A real sleighd with its own directories, port, cgroups and containerd. It can be killed and started again; when it is disposed,
/// everything of it must be gone, else the run fails.
/// </summary>
public sealed class TestDaemon : IServedDaemon, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly SortedDictionary<string, string> _settings = new(StringComparer.Ordinal);
    private Process? _process;

    /// <summary>Makes the directories and writes the configuration; nothing is started.</summary>
    /// <param name="settings">Keys such as <c>pool.size</c>, over the tests' own ones.</param>
    public TestDaemon(params (string Key, string Value)[] settings)
    {
        Folder = Directory.CreateTempSubdirectory("sl-").FullName;
        Subtree = $"sleigh-test-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        Address = new IPEndPoint(IPAddress.Loopback, FreePort());
        (string, string)[] own =
        [
            ("data_dir", DataDir), ("state_dir", StateDir), ("http.listen", Address.ToString()), ("containerd.mode", "embedded"),
            ("cgroup.subtree", Subtree), ("init.path", Host.InitBinary), ("pool.size", "3"), ("pool.max_size", "0"), ("pool.image", "busybox"),
            ("storage.pool_size", "4GiB"), ("exec.spool_max_bytes", "1MiB"), ("exec.kill_grace_seconds", "1"),

            // Tests of the network, and those of the contract, have the product's default.
            ("sandbox.network", "none"),
        ];
        foreach ((string key, string value) in own.Concat(UserNamespace).Concat(settings))
        {
            _settings[key] = value;
        }

        if (_settings.GetValueOrDefault("sandbox.user_namespace") != "false")
        {
            LetEnter();
        }

        WriteConfig();
    }

    /// <summary>
    /// Whether sandboxes of a daemon that is not told have user namespaces: where the kernel can give them, unless SLEIGH_TEST_USER_NAMESPACE in the environment of the tests is 0. With
    /// 1 they must: a daemon that cannot give them does not start. Any class can be run so or so.
    /// </summary>
    public static bool AllHaveUserNamespaces { get; } = Wanted switch
    {
        null => Environment.OSVersion.Version >= new Version(5, 19) && File.ReadAllText("/proc/sys/user/max_user_namespaces").Trim() != "0",
        string wanted => wanted == "1",
    };

    /// <summary>A script of shell commands, where all have user namespaces without its <c>mknod node</c>: the kernel lets nobody make devices there.</summary>
    public static string Makes(string script) =>
        AllHaveUserNamespaces ? script.Replace("mknod node c 1 3", "touch node", StringComparison.Ordinal) : script;

    private static string? Wanted => Environment.GetEnvironmentVariable("SLEIGH_TEST_USER_NAMESPACE");

    private static (string, string)[] UserNamespace => Wanted is null ? [] : [("sandbox.user_namespace", AllHaveUserNamespaces ? "true" : "false")];

    public string Folder { get; }

    /// <summary>More variables for the daemon's environment.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    public string DataDir => Path.Combine(Folder, "d");

    public string StateDir => Path.Combine(Folder, "s");

    public string Socket => Path.Combine(StateDir, "sleigh.sock");

    /// <summary>As the settings have it.</summary>
    public string? ApiKey => _settings.GetValueOrDefault("http.api_key");

    public string Subtree { get; }

    public IPEndPoint Address { get; }

    public string ConfigFile => Path.Combine(Folder, "sleigh.yaml");

    public string LogFile => Path.Combine(Folder, "log");

    /// <summary>Grows with each start; clients then open new connections.</summary>
    public int Starts { get; private set; }

    public int Pid => _process?.Id ?? throw new InvalidOperationException("the daemon was not started");

    public bool IsAlive => _process is { HasExited: false };

    /// <summary>The log's last lines, for the text of a failure.</summary>
    public string LogTail => File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(30)) : "(no log)";

    /// <summary>Changes a key for the next start.</summary>
    public void Set(string key, string value)
    {
        _settings[key] = value;
        WriteConfig();
    }

    /// <summary>Takes a key out for the next start.</summary>
    public void Unset(string key)
    {
        _settings.Remove(key);
        WriteConfig();
    }

    /// <summary>The users of a user namespace must be able to pass through the folder to the slots' root.</summary>
    public void LetEnter() => File.SetUnixFileMode(Folder, File.GetUnixFileMode(Folder) | UnixFileMode.OtherExecute);

    /// <summary>Starts the daemon and waits until it says it is ready.</summary>
    public async Task StartAsync()
    {
        await LaunchAsync();
        await ReadyAsync();
    }

    /// <summary>Starts the daemon and does not wait.</summary>
    public Task LaunchAsync()
    {
        Assert.False(IsAlive, "the daemon runs already");
        _process = Run([]);
        Starts++;
        return Task.CompletedTask;
    }

    /// <summary>Waits until /readyz says 200.</summary>
    public async Task ReadyAsync()
    {
        using HttpClient http = new() { BaseAddress = new Uri($"http://{Address}"), Timeout = TimeSpan.FromSeconds(10) };
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            Assert.True(IsAlive, $"the daemon ended before it was ready:\n{LogTail}");
            Assert.True(Stopwatch.GetElapsedTime(begin) < Patience, $"the daemon is not ready after {Patience}:\n{LogTail}");
            try
            {
                using HttpResponseMessage reply = await http.GetAsync(new Uri("/readyz", UriKind.Relative));
                if (reply.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // Not listening yet.
            }

            await Task.Delay(20);
        }
    }

    /// <summary>SIGKILL, and until the process is gone.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await EndedAsync();
    }

    /// <summary>SIGTERM; gives the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        await ToolRunner.RunAsync("kill", "-TERM", $"{Pid}");
        await EndedAsync();
        return _process!.ExitCode;
    }

    /// <summary>Kills the daemon, if it runs, and starts it again.</summary>
    public async Task KillAndRestartAsync()
    {
        if (IsAlive)
        {
            await KillAsync();
        }

        await StartAsync();
    }

    /// <summary>Runs the daemon to its end, for one that refuses to start.</summary>
    /// <returns>Its exit code and what it wrote.</returns>
    public async Task<(int ExitCode, string Said)> RunToEndAsync(params string[] verb)
    {
        string log = Path.Combine(Folder, "refusal");
        File.Delete(log);
        using Process process = Run(verb, log);
        using CancellationTokenSource limit = new(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"sleighd {string.Join(' ', verb)} did not end:\n{await File.ReadAllTextAsync(log)}");
        }

        return (process.ExitCode, await File.ReadAllTextAsync(log));
    }

    /// <summary>What the daemon's descriptors lead to, program files left out: a .NET that is not native opens them when first used.</summary>
    public string[] OpenDescriptors() =>
    [
        .. Directory.GetFileSystemEntries($"/proc/{Pid}/fd")
            .Select(path => new FileInfo(path).LinkTarget)
            .OfType<string>()
            .Where(target => Path.GetExtension(target) is not (".dll" or ".pdb" or ".so"))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Anonymous memory of the daemon, in bytes.</summary>
    public long AnonymousMemory() => 1024 * long.Parse(
        File.ReadLines($"/proc/{Pid}/status").Single(l => l.StartsWith("RssAnon:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        System.Globalization.CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        string left;
        try
        {
            if (IsAlive)
            {
                await TerminateAsync();
            }

            string said = "";
            bool refused = false;
            if (Leftovers.Of(this).Count > 0)
            {
                (int status, said) = await RunToEndAsync("stop-all");
                said = $"\nstop-all ended with {status}: {said}";
                refused = status != 0;
            }

            IReadOnlyList<string> there = await Leftovers.SettledAsync(this);
            left = there.Count > 0 || refused ? string.Join('\n', there) + said + $"\n{LogTail}" : "";
        }
        finally
        {
            _process?.Dispose();
            await Leftovers.RemoveAsync(this);

            // Images and layers may hold names that are no text, which .NET cannot remove.
            await ToolRunner.RunAsync("rm", "-rf", Folder);
        }

        Assert.True(left.Length == 0, $"left behind by {Subtree}: {left}");
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task EndedAsync()
    {
        using CancellationTokenSource limit = new(Patience);
        await _process!.WaitForExitAsync(limit.Token);
    }

    // Output goes straight to a file: a pipe would be held open by whoever inherits it.
    private Process Run(string[] verb, string? log = null)
    {
        ProcessStartInfo start = new("/bin/sh")
        {
            ArgumentList = { "-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null", "sh", log ?? LogFile },
            WorkingDirectory = "/",
        };
        foreach (string argument in (string[])[Host.DaemonBinary, .. verb, "--config", ConfigFile])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (string name in start.Environment.Keys.Where(n => n.StartsWith("SLEIGH_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach ((string name, string value) in Variables)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private void WriteConfig()
    {
        using StreamWriter file = new(ConfigFile);
        foreach (IGrouping<string, KeyValuePair<string, string>> section in _settings.GroupBy(s => s.Key.Contains('.', StringComparison.Ordinal) ? s.Key.Split('.')[0] : ""))
        {
            if (section.Key.Length > 0)
            {
                file.WriteLine($"{section.Key}:");
            }

            foreach ((string key, string value) in section)
            {
                file.WriteLine(section.Key.Length > 0 ? $"  {key.Split('.', 2)[1]}: {value}" : $"{key}: {value}");
            }
        }
    }
}
