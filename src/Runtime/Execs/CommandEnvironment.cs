namespace Sleigh.Runtime;

/// <summary>The environment a command starts with: defaults, then the image's, the sandbox's and the exec's own, later ones winning.</summary>
internal static class CommandEnvironment
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Gives <c>NAME=value</c> lines. HOME and USER follow the user unless a later layer sets them; so does TERM, which a terminal has.</summary>
    public static IReadOnlyList<string> Build(
        IReadOnlyList<string> image,
        IReadOnlyDictionary<string, string> sandbox,
        IReadOnlyDictionary<string, string> exec,
        ResolvedUser user,
        string hostname,
        bool terminal = false)
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

        foreach (IReadOnlyDictionary<string, string> layer in (ReadOnlySpan<IReadOnlyDictionary<string, string>>)[sandbox, exec])
        {
            foreach ((string key, string value) in layer)
            {
                all[key] = value;
            }
        }

        return [.. all.Select(pair => $"{pair.Key}={pair.Value}")];
    }
}
