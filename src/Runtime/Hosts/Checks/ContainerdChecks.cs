using Sleigh.Containerd;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Checks;

/// <summary>containerd: that it answers and is recent enough, that the parts we use are loaded, and the programs that it starts.</summary>
internal sealed class ContainerdChecks(SleighOptions options, bool serves)
{
    private const string Install = "apt install containerd (or containerd.io)";

    private static readonly Version Floor = new(1, 6);

    // Each may be named by a type of 1.x or of 2.x.
    private static readonly (string Id, string[] Types)[] Parts =
    [
        ("overlayfs", ["io.containerd.snapshotter.v1"]),
        ("content", ["io.containerd.content.v1"]),
        ("walking", ["io.containerd.differ.v1"]),
        ("task", ["io.containerd.runtime.v2"]),
    ];

    public IEnumerable<HostCheck> List() =>
    [
        new("containerd", AnswersAsync),
        new("containerd plugins", PluginsAsync),
        new("containerd shim", () => Shim(options.Containerd.Runtime, HostTool.Find)),
        new("runtime", RuntimeAsync),
    ];

    /// <param name="place">Whose it is.</param>
    /// <param name="serves">sleighd runs, so a private one should too.</param>
    /// <param name="begins">A private one is not there yet, and the mode is auto on a host with systemd.</param>
    /// <param name="version">What it answers; null: it does not.</param>
    /// <param name="installed">What the program says of itself; null: it is not installed.</param>
    /// <param name="trouble">Why it does not answer.</param>
    internal static Finding Answers(ContainerdPlace place, bool serves, bool begins, string? version, string? installed, string? trouble)
    {
        string whose = place.IsPrivate ? "private" : "of the system";
        if (version is null)
        {
            return (installed, place.IsPrivate) switch
            {
                (null, _) => Finding.Fail($"{place.Socket} does not answer, and no containerd is installed", Install),
                (_, false) => Finding.Fail($"{place.Socket} does not answer: {trouble}", "systemctl enable --now containerd"),
                _ when !IsRecent(installed) => TooOld(installed),
                (_, true) when serves => Finding.Fail($"{place.Socket} does not answer: {trouble}", "sleighd starts it again by itself; journalctl -u sleigh says what is in the way"),
                _ when begins => Finding.Warn(
                    $"the system's does not run, so with containerd.mode auto sleighd would begin one of its own (version {installed}), without the images and sandboxes of the other",
                    "systemctl enable --now containerd, or set containerd.mode to system or embedded"),
                _ => Finding.Ok($"version {installed}, private: sleighd starts it"),
            };
        }

        return IsRecent(version) ? Finding.Ok($"version {version}, {whose}, answers on {place.Socket}") : TooOld(version);
    }

    internal static Finding Plugins(IReadOnlyList<ContainerdPlugin> plugins)
    {
        List<string> wrong = [];
        foreach ((string id, string[] types) in Parts)
        {
            ContainerdPlugin? found = plugins.FirstOrDefault(p => p.Id == id && types.Contains(p.Type));
            if (found is null)
            {
                wrong.Add($"{types[0]}.{id} is switched off");
            }
            else if (found.Error is { } error)
            {
                wrong.Add($"{found.Type}.{id}: {error}");
            }
        }

        return wrong.Count == 0
            ? Finding.Ok($"{string.Join(", ", Parts.Select(p => p.Id))} are loaded")
            : Finding.Fail(
                string.Join("; ", wrong), "take it out of disabled_plugins in /etc/containerd/config.toml, then systemctl restart containerd; journalctl -u containerd says more");
    }

    internal static Finding Shim(string runtime, Func<string, string?> find)
    {
        // io.containerd.runc.v2 is served by the program containerd-shim-runc-v2.
        string[] words = runtime.Split('.');
        string program = words.Length < 2 ? runtime : $"containerd-shim-{words[^2]}-{words[^1]}";
        return find(program) is { } path ? Finding.Ok(path) : Finding.Fail($"{program}, for {runtime}, is not installed", Install);
    }

    internal static Finding Runtime(string name, string? path, string? version) =>
        path is null ? Finding.Fail($"{name} is not installed", $"apt install {name}")
        : version is null ? Finding.Fail($"{path} does not run", $"apt install --reinstall {name}")
        : Finding.Ok($"{version}, {path}");

    private static Finding TooOld(string version) => Finding.Fail($"version {version}; Sleigh needs {Floor} or later", Install);

    private static bool IsRecent(string version) => HostTool.Number(version) is { } number && number >= Floor;

    private async Task<Finding> AnswersAsync(CancellationToken cancellationToken)
    {
        ContainerdPlace place = ContainerdPlace.Of(options);
        using ContainerdClient client = Client(place);
        string trouble;
        try
        {
            return Answers(place, serves, false, (await client.Version.GetAsync(cancellationToken)).Version, null, null);
        }
        catch (ContainerdException e)
        {
            trouble = e.Message;
        }

        string? program = HostTool.Find(options.Containerd.Binary);
        bool begins = HostText.HasSystemd && options.Containerd.Mode == ContainerdMode.Auto && !File.Exists(Path.Combine(ContainerdPlace.Root(options), "config.toml"));
        return Answers(place, serves, begins, null, program is null ? null : HostTool.VersionIn(await HostTool.VersionAsync(program, cancellationToken)) ?? "unknown", trouble);
    }

    private async Task<Finding> PluginsAsync(CancellationToken cancellationToken)
    {
        ContainerdPlace place = ContainerdPlace.Of(options);
        using ContainerdClient client = Client(place);
        try
        {
            return Plugins(await client.Introspection.ListPluginsAsync(null, cancellationToken));
        }
        catch (ContainerdException) when (place.IsPrivate)
        {
            return Finding.Ok("not asked: the private containerd does not run now");
        }
        catch (ContainerdException e)
        {
            return Finding.Warn($"could not be asked: {e.Message}", "see containerd");
        }
    }

    private async Task<Finding> RuntimeAsync(CancellationToken cancellationToken)
    {
        string name = options.Sandbox.Runtime;
        string? path = HostTool.Find(name);
        return Runtime(name, path, path is null ? null : await HostTool.VersionAsync(path, cancellationToken));
    }

    private static ContainerdClient Client(ContainerdPlace place) =>
        new(new Containerd.ContainerdOptions { SocketPath = place.Socket, CallTimeout = TimeSpan.FromSeconds(3) });
}
