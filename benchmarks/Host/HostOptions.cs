using System.CommandLine;
using System.Globalization;
using Sleigh.Benchmarks.Host.Networks;
using Sleigh.Benchmarks.Host.Snapshots;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host;

/// <summary>The command line.</summary>
internal sealed class HostOptions
{
    private readonly List<Option> _all = [];
    private readonly Option<int> _rounds;
    private readonly Option<int> _burst;
    private readonly Option<int> _burstRounds;
    private readonly Option<int> _dockerLarge;
    private readonly Option<int> _sandboxes;
    private readonly Option<int> _soak;
    private readonly Option<int> _tolerance;
    private readonly Option<int> _scaleSandboxes;
    private readonly Option<int> _scaleFiles;
    private readonly Option<int> _notifications;
    private readonly Option<bool> _scale;
    private readonly Option<bool> _signals;
    private readonly Option<bool> _http;
    private readonly Option<int> _httpExecs;
    private readonly Option<int> _httpSoak;
    private readonly Option<int> _httpOutput;
    private readonly Option<int> _httpSandboxes;
    private readonly Option<bool> _snapshots;
    private readonly Option<int> _snapshotsFiles;
    private readonly Option<int> _snapshotsMb;
    private readonly Option<int> _snapshotsLargest;
    private readonly Option<int> _snapshotsAtOnce;
    private readonly Option<int> _snapshotsDeep;
    private readonly Option<int> _snapshotsWide;
    private readonly Option<bool> _network;
    private readonly Option<int> _networkTries;
    private readonly Option<int> _networkExecs;
    private readonly Option<string> _output;
    private readonly Option<string> _baseline;
    private readonly Option<string> _save;
    private readonly Dictionary<string, Option<string>> _places = [];

    public HostOptions()
    {
        _rounds = Number("--rounds", "How often each call is timed", 30, 1);
        _rounds.Aliases.Add("-n");
        _burst = Number("--burst", "Sandboxes made at once", 100, 0);
        _burstRounds = Number("--burst-rounds", "How often that is done", 3, 1);
        _dockerLarge = Number("--docker-large", "How often at most Docker commits the large tree, seconds each", 10, 1);
        _sandboxes = Number("--sandboxes", "Idle sandboxes whose memory is looked at", 50, 1);
        _soak = Number("--soak", "Commands between two looks at the daemons' memory; 0: none", 2000, 0);
        _tolerance = Number("--tolerance", "Percent by which a ratio may differ from the baseline's and still be the same", 25, 0);
        _scaleSandboxes = Number("--scale-sandboxes", "With --scale: idle sandboxes at most", 300, 0);
        _scaleFiles = Number("--scale-files", "With --scale: files of the largest tree", 100_000, 0);
        _scale = Add(new Option<bool>("--scale") { Description = "Instead: how Sleigh's times grow with sandboxes and with the size of a tree" });
        _notifications = Number("--notifications", "Notifications of the kernel that are timed until a limit is written; 0: none", 2000, 0);
        _signals = Add(new Option<bool>("--signals") { Description = "Instead: only those notifications, without a daemon" });
        _http = Add(new Option<bool>("--http") { Description = "Instead: commands and lists over TCP, and the daemon's memory, against their bounds" });
        _httpExecs = Number("--http-execs", "With --http: commands whose times are taken", 1000, 1);
        _httpSoak = Number("--http-soak", "With --http: commands over which the daemon must not grow; 0: none", 20_000, 0);
        _httpOutput = Number("--http-output", "With --http: MiB that one command prints; 0: none", 5120, 0);
        _httpSandboxes = Number("--http-sandboxes", "With --http: sandboxes in the list that is timed", 300, 10);
        _snapshots = Add(new Option<bool>("--snapshots") { Description = "Instead: snapshots, rollbacks and forks of large trees, against their bounds, with Docker's commit beside" });
        _snapshotsFiles = Number("--snapshots-files", "With --snapshots: files of the tree with the bounds", 20_000, 1);
        _snapshotsMb = Number("--snapshots-mb", "With --snapshots: its megabytes", 500, 1);
        _snapshotsLargest = Number("--snapshots-largest-mb", "With --snapshots: the largest of the trees of 10, 100, 500 and 2000 MB", 2000, 10);
        _snapshotsAtOnce = Number("--snapshots-at-once", "With --snapshots: forks of one call", 20, 1);
        _snapshotsDeep = Number("--snapshots-deep", "With --snapshots: snapshots, each of what was restored from the one before; 0: none", 200, 0);
        _snapshotsWide = Number("--snapshots-wide", "With --snapshots: forks alive together; 0: none", 50, 0);
        _network = Add(new Option<bool>("--network") { Description = "Instead: what a network costs a create, how soon a rule cuts a connection, and neighbours under attack, against their bounds" });
        _networkTries = Number("--network-tries", "With --network: connections that are cut", 30, 1);
        _networkExecs = Number("--network-execs", "With --network: commands of the neighbour before and during each attack", 300, 1);
        _output = Text("--output", "table for people, json for programs", "table");
        _output.Aliases.Add("-o");
        _output.AcceptOnlyFromAmong("table", "json");
        _baseline = Text("--baseline", "Compare the ratios with those in this file", "");
        _save = Text("--save", "Write the ratios into this file", "");
        foreach (string place in (string[])
            ["sleighd", "config", "data-dir", "state-dir", "subtree", "daemon-log", "image", "commit",
             "dockerd", "without-docker", "docker-containerd", "docker-home", "docker-run", "docker-cgroup", "image-archive"])
        {
            _places[place] = Text("--" + place, "Set by scripts/bench.sh", "");
            _places[place].Hidden = true;
        }
    }

    /// <summary>The command that runs <paramref name="work"/>.</summary>
    public RootCommand Build(Func<HostArguments, CancellationToken, Task<int>> work)
    {
        var root = new RootCommand("Times Sleigh, and Docker Engine beside it");
        foreach (Option option in _all)
        {
            root.Options.Add(option);
        }

        root.SetAction((parsed, cancellationToken) => work(Read(parsed), cancellationToken));
        return root;
    }

    private HostArguments Read(ParseResult parsed)
    {
        string Place(string name) => parsed.GetValue(_places[name]) ?? "";
        int burst = parsed.GetValue(_burst);
        return new HostArguments
        {
            Bench = new BenchOptions(parsed.GetValue(_rounds), WarmUp: 2, burst, parsed.GetValue(_burstRounds), Math.Max(1, burst)),
            DockerLargeRounds = parsed.GetValue(_dockerLarge),
            Sandboxes = parsed.GetValue(_sandboxes),
            SoakExecs = parsed.GetValue(_soak),
            Scale = parsed.GetValue(_scale),
            Signals = parsed.GetValue(_signals),
            Http = parsed.GetValue(_http),
            Snapshots = parsed.GetValue(_snapshots),
            SnapshotSizes = new SnapshotSizes(
                parsed.GetValue(_snapshotsFiles), parsed.GetValue(_snapshotsMb), parsed.GetValue(_snapshotsLargest), parsed.GetValue(_snapshotsAtOnce),
                parsed.GetValue(_snapshotsDeep), parsed.GetValue(_snapshotsWide), parsed.GetValue(_rounds), parsed.GetValue(_dockerLarge)),
            Network = parsed.GetValue(_network),
            NetworkSizes = new NetworkSizes(parsed.GetValue(_rounds), parsed.GetValue(_networkTries), parsed.GetValue(_networkExecs)),
            HttpExecs = parsed.GetValue(_httpExecs),
            HttpSoak = parsed.GetValue(_httpSoak),
            HttpOutput = parsed.GetValue(_httpOutput),
            HttpSandboxes = parsed.GetValue(_httpSandboxes),
            Notifications = parsed.GetValue(_notifications),
            ScaleSandboxes = parsed.GetValue(_scaleSandboxes),
            ScaleFiles = parsed.GetValue(_scaleFiles),
            IsJson = parsed.GetValue(_output) == "json",
            Baseline = parsed.GetValue(_baseline) ?? "",
            Save = parsed.GetValue(_save) ?? "",
            Tolerance = parsed.GetValue(_tolerance) / 100.0,
            Paths = new BenchPaths
            {
                Sleighd = Place("sleighd"), Config = Place("config"), DataDir = Place("data-dir"), StateDir = Place("state-dir"),
                Subtree = Place("subtree"), DaemonLog = Place("daemon-log"), Image = Place("image"), Commit = Place("commit"),
                Dockerd = Place("dockerd"), WithoutDocker = Place("without-docker"), Containerd = Place("docker-containerd"),
                DockerHome = Place("docker-home"), DockerRun = Place("docker-run"), DockerCgroup = Place("docker-cgroup"),
                ImageArchive = Place("image-archive"),
            },
        };
    }

    private Option<int> Number(string name, string what, int usual, int least)
    {
        Option<int> option = Add(new Option<int>(name) { Description = what, HelpName = "COUNT", DefaultValueFactory = _ => usual });
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value < least)
            {
                result.AddError($"{name} is {value}, must be at least {least}");
            }
        });
        return option;
    }

    private Option<string> Text(string name, string what, string usual) =>
        Add(new Option<string>(name) { Description = what, DefaultValueFactory = _ => usual });

    private T Add<T>(T option)
        where T : Option
    {
        _all.Add(option);
        return option;
    }
}
