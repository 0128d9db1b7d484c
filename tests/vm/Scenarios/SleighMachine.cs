using System.Globalization;
using System.Net;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;

[assembly: AssemblyFixture(typeof(Sleigh.VmTests.Scenarios.SleighMachine))]

namespace Sleigh.VmTests.Scenarios;

/// <summary>
/// The machine of the run, with the package on it. All scenarios share it, in the order of their stages; the first installs, and one that
/// runs alone does so for itself.
/// </summary>
public sealed class SleighMachine : IServedDaemon
{
    /// <summary>Images that lie in the machine as archives.</summary>
    public const string Busybox = "busybox", Python = "quickstart";

    /// <summary>The cgroup of all sandboxes.</summary>
    public const string Home = "/sys/fs/cgroup/system.slice/sleigh-sandboxes.service";

    /// <summary>The version of the package that an upgrade brings.</summary>
    public const string LaterVersion = "99.0.0";

    private const int Port = 10122;
    private const string Outside = "/etc/sleigh/sleigh.d/50-outside.yaml";
    private const string Quiet = "/etc/sleigh/sleigh.d/55-quiet.yaml";

    private readonly HashSet<string> _images = [];
    private VirtualMachine? _guest;
    private bool _served;
    private bool _quiet;
    private string _lastWords = "";

    public VirtualMachine Guest => _guest ?? throw new InvalidOperationException("the machine did not boot");

    public string PackageVersion { get; private set; } = "";

    public IPEndPoint Address => new(IPAddress.Loopback, Guest.ForwardedPort(Port));

    public string? Socket => null;

    public string ApiKey => "outside-key-of-the-tests-0123456789";

    public int Starts { get; private set; }

    public string LogTail => _lastWords;

    /// <summary>Called by each scenario, with the machine of the run.</summary>
    public void Use(VirtualMachine guest) => _guest = guest;

    /// <summary>Runs shell text that must succeed; gives its standard output without the last line's end.</summary>
    public async Task<string> SaysAsync(string script, int seconds = 120)
    {
        GuestResult result = await Guest.RunAsync(GuestCommand.Shell(script) with { Timeout = TimeSpan.FromSeconds(seconds) });
        Assert.True(result.ExitCode == 0, $"{script}\nended with {result.ExitCode}: {result.Stdout}{result.Stderr}");
        return result.Text;
    }

    /// <summary>The same for what is done, not asked.</summary>
    public Task MustAsync(string script, int seconds = 120) => SaysAsync(script, seconds);

    /// <summary>Installs the package of this build, as a user would.</summary>
    public async Task InstallAsync()
    {
        string package = Packages.OfThisBuild;
        await Guest.CopyInAsync(package, "/root/sleigh.deb");
        await MustAsync("DEBIAN_FRONTEND=noninteractive apt-get install -y /root/sleigh.deb", seconds: 600);
        PackageVersion = await SaysAsync("dpkg-query -W -f '${Version}' sleigh");
        Starts++;
    }

    /// <summary>Installs the same programs under a later version.</summary>
    public async Task UpgradeAsync()
    {
        await Guest.CopyInAsync(await Packages.OfLaterVersionAsync(LaterVersion), "/root/later.deb");
        await MustAsync("DEBIAN_FRONTEND=noninteractive apt-get install -y /root/later.deb", seconds: 600);
    }

    /// <summary>Lets it serve beyond loopback, with a key.</summary>
    public async Task ServeOutsideAsync()
    {
        await MustAsync(
            $"printf 'http:\\n  listen: 0.0.0.0:{Port}\\n  api_key: {ApiKey}\\npool:\\n  image: {Busybox}\\n' > {Outside} && systemctl restart sleigh");
        await ReadyAgainAsync();
        _served = true;
    }

    /// <summary>Sees to it that the package is installed, serves outside of the machine and has the small image.</summary>
    /// <param name="quietly">
    /// Whether it does nothing beside what it is asked for: no container is parked behind a command, and none has a network, which costs as much again.
    /// </param>
    public async Task ServesAsync(bool quietly)
    {
        if (PackageVersion.Length == 0)
        {
            await InstallAsync();
        }

        if (!_served)
        {
            await ServeOutsideAsync();
        }

        await ImportAsync(Busybox);
        if (quietly != _quiet)
        {
            string change = quietly ? $"printf 'sandbox:\\n  network: none\\npool:\\n  size: 0\\n  max_size: 0\\n' > {Quiet}" : $"rm {Quiet}";
            await MustAsync($"{change} && systemctl restart sleigh");
            await ReadyAgainAsync();
            _quiet = quietly;
        }
    }

    /// <summary>A new session over HTTP.</summary>
    public Task<DaemonClient> SessionAsync() => DaemonClient.NewSessionAsync(this);

    /// <summary>Imports an image once.</summary>
    public async Task ImportAsync(string name)
    {
        if (_images.Add(name))
        {
            await MustAsync($"sleighctl image import /var/local/images/{name}.tar --name {name}", seconds: 600);
        }
    }

    /// <summary>Waits until the daemon is ready, whatever happened to it; clients open new connections afterwards.</summary>
    public async Task ReadyAgainAsync()
    {
        using HttpClient http = new() { BaseAddress = new Uri($"http://{Address}"), Timeout = TimeSpan.FromSeconds(20) };
        await Poll.UntilAsync(async () => await IsReadyAsync(http), 120, () => $"the daemon is not ready; {_lastWords}");
        Starts++;
    }

    /// <summary>Restarts the machine and waits for the daemon.</summary>
    public async Task RebootAsync()
    {
        await Guest.RebootAsync();
        await ReadyAgainAsync();
    }

    /// <summary>Seconds from the start of the service's process until it said that it is ready.</summary>
    public async Task<double> StartSecondsAsync()
    {
        string[] times = (await SaysAsync("systemctl show sleigh -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic --value")).Split('\n');
        long[] usec = [.. times.Select(t => long.Parse(t, CultureInfo.InvariantCulture)).Order()];
        return (usec[1] - usec[0]) / 1e6;
    }

    private async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using HttpResponseMessage reply = await http.GetAsync(new Uri("/readyz", UriKind.Relative));
            _lastWords = await reply.Content.ReadAsStringAsync();
            return reply.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            _lastWords = e.Message;
            return false;
        }
    }
}
