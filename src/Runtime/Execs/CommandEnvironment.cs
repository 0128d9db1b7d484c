namespace Sleigh.Runtime;

/// <summary>The environment a command starts with: defaults, then the image's, the sandbox's and the exec's own, then secrets, later ones winning.</summary>
internal static class CommandEnvironment
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>
    /// Gives <c>NAME=value</c> lines. HOME and USER follow the user unless a later layer sets them; so does TERM, which a terminal has.
    /// With <paramref name="passed"/>, other variables of image and sandbox stay away, and so do folders of PATH that are not absolute.
    /// </summary>
    public static IReadOnlyList<string> Build(
        IReadOnlyList<string> image,
        IReadOnlyDictionary<string, string> sandbox,
        IReadOnlyDictionary<string, string> exec,
        ResolvedUser user,
        string hostname,
        bool terminal = false,
        IReadOnlySet<string>? passed = null,
        params ReadOnlySpan<IReadOnlyDictionary<string, string>> secrets)
    {
        Dictionary<string, string> all = new(StringComparer.Ordinal)
        {
            ["PATH"] = DefaultPath,
            ["HOME"] = user.Home,
            ["HOSTNAME"] = hostname,
        };
        if (user.Name is string name)
        {
            all["USER"] = name;
        }

        if (terminal)
        {
            all["TERM"] = "xterm";
        }

        foreach (string line in image)
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                all[line[..equals]] = line[(equals + 1)..];
            }
        }

        foreach ((string key, string value) in sandbox)
        {
            all[key] = value;
        }

        if (passed is not null)
        {
            all = new Dictionary<string, string>(all.Where(pair => passed.Contains(pair.Key)), StringComparer.Ordinal);
            all["PATH"] = AbsoluteFolders(all.GetValueOrDefault("PATH", DefaultPath));
        }

        foreach ((string key, string value) in exec)
        {
            all[key] = value;
        }

        foreach (IReadOnlyDictionary<string, string> layer in secrets)
        {
            foreach ((string key, string value) in layer)
            {
                all[key] = value;
            }
        }

        return [.. all.Select(pair => $"{pair.Key}={pair.Value}")];
    }

    // An empty folder is the working directory, whose programs nobody has asked for.
    private static string AbsoluteFolders(string path) =>
        string.Join(':', path.Split(':').Where(folder => folder.StartsWith('/'))) is { Length: > 0 } absolute ? absolute : DefaultPath;
}
