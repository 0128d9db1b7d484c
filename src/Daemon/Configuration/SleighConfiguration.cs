using System.Net;
using Sleigh.Api;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>
/// Loads the settings: defaults, then the file, then the drop-in files (<c>*.yaml</c>) in the order of their names, then environment
/// variables such as <c>SLEIGH_HTTP_LISTEN</c>; the later one counts. Everything is checked before anything is used, and all errors are
/// reported at once.
/// </summary>
public static class SleighConfiguration
{
    /// <summary>Loads and checks.</summary>
    /// <param name="path">The file; it must exist. Null: none.</param>
    /// <param name="dropInFolder">The folder of drop-in files; it may be missing. Null: none.</param>
    /// <param name="environment">Environment variables by name.</param>
    /// <exception cref="ConfigurationException">Something is wrong; the exception holds every error.</exception>
    public static SleighOptions Load(string? path, string? dropInFolder, IReadOnlyDictionary<string, string> environment) =>
        LoadWithSources(path, dropInFolder, environment).Options;

    /// <inheritdoc cref="Load"/>
    public static LoadedConfiguration LoadWithSources(string? path, string? dropInFolder, IReadOnlyDictionary<string, string> environment)
    {
        List<ConfigurationError> errors = [];
        Dictionary<string, string> sources = [];
        SleighOptions options = new();
        string[] files = FilesOf(path, dropInFolder, errors);
        foreach (string file in files)
        {
            if (ConfigurationFile.Read(file, errors) is { } text)
            {
                options = Apply(options, YamlSettings.Parse(file, text, errors), sources, errors);
            }
        }

        options = Apply(options, FromEnvironment(environment, errors), sources, errors);
        errors.AddRange(CrossChecks(options));
        return errors.Count == 0
            ? new LoadedConfiguration(options, [.. SettingTable.All.Select(s => Show(s, options, sources.GetValueOrDefault(s.Key, "default")))], files)
            : throw new ConfigurationException(errors);
    }

    /// <summary>Every key with its value in <paramref name="options"/>, one a line, secrets hidden.</summary>
    public static string Describe(SleighOptions options) =>
        string.Concat(SettingTable.All.Select(s => $"{s.Key}: {s.Format(options)}".TrimEnd() + "\n"));

    private static string[] FilesOf(string? path, string? dropInFolder, List<ConfigurationError> errors)
    {
        string[] dropIns = [];
        try
        {
            if (dropInFolder is not null && Directory.Exists(dropInFolder))
            {
                dropIns = Directory.GetFiles(dropInFolder, "*.yaml");
                Array.Sort(dropIns, StringComparer.Ordinal);
            }
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            errors.Add(new ConfigurationError(dropInFolder, null, null, $"the folder cannot be read: {ex.Message}"));
        }

        return path is null ? dropIns : [path, .. dropIns];
    }

    private static SleighOptions Apply(SleighOptions options, IEnumerable<SettingValue> values, Dictionary<string, string> sources, List<ConfigurationError> errors)
    {
        foreach (SettingValue value in values)
        {
            if (SettingTable.ByKey.TryGetValue(value.Key, out Setting? setting))
            {
                options = setting.Apply(options, value, errors) ?? options;
                sources[value.Key] = value.IsFromEnvironment ? "environment" : $"file {value.Source}";
            }
            else
            {
                errors.Add(new ConfigurationError(value.Source, value.Line, value.Key, Unknown(value.Key)));
            }
        }

        return options;
    }

    private static ShownSetting Show(Setting setting, SleighOptions options, string source) =>
        new(setting.Key, setting.Format(options).Replace("(hidden)", "***", StringComparison.Ordinal), source, setting.IsSecret);

    private static string Unknown(string key)
    {
        string shown = new SettingValue("", null, "", key, null).Shown;
        if (SettingTable.Sections.Contains(key))
        {
            return $"{key} is a section; its keys stand below it, such as {SettingTable.All.First(s => s.Key.StartsWith(key + ".", StringComparison.Ordinal)).Key}";
        }

        return $"there is no key {shown}; the nearest is {NearestWord.Find(key, SettingTable.All.Select(s => s.Key))}";
    }

    private static List<SettingValue> FromEnvironment(IReadOnlyDictionary<string, string> environment, List<ConfigurationError> errors)
    {
        List<SettingValue> values = [];
        foreach (Setting setting in SettingTable.All)
        {
            // An empty variable is one that a unit file or a compose file leaves open.
            if (environment.TryGetValue(setting.Variable, out string? text) && !string.IsNullOrWhiteSpace(text))
            {
                values.Add(new SettingValue(setting.Variable, null, setting.Key, text, null));
            }
        }

        string[] variables = [.. SettingTable.All.Select(s => s.Variable)];
        foreach (string name in environment.Keys.Except(variables).Where(n => n.StartsWith("SLEIGH_", StringComparison.Ordinal) && !OtherVariables.Has(n)).Order())
        {
            errors.Add(new ConfigurationError(name, null, null, $"there is no such setting; the nearest is {NearestWord.Find(name, variables)}"));
        }

        return values;
    }

    internal static IEnumerable<ConfigurationError> CrossChecks(SleighOptions options)
    {
        if (!IPAddress.IsLoopback(options.Http.Listen.Address) && options.Http.ApiKey is null)
        {
            yield return Cross(
                "http.listen", $"http.listen {options.Http.Listen} is not a loopback address and http.api_key is not set; refusing to start");
        }

        if (options.Sandbox.Network == NetworkMode.Host && !options.Network.AllowHost)
        {
            yield return Cross("sandbox.network", "sandbox.network is host, which only network.allow_host: true allows");
        }

        if (options.Network.AllowHost && options.Http.ApiKey is null)
        {
            yield return Cross(
                "network.allow_host",
                "network.allow_host is true and http.api_key is not set: sandboxes in the host's network would be callers on loopback, who may do all that needs the key elsewhere");
        }

        if (options.Memory.MaxMb is { } max && max < options.Sandbox.MemoryMb)
        {
            yield return Cross("memory.max_mb", $"memory.max_mb is {max}, must be at least sandbox.memory_mb, which is {options.Sandbox.MemoryMb}");
        }

        if (options.Memory.MaxStepMb < options.Memory.MinMb)
        {
            yield return Cross("memory.max_step_mb", $"memory.max_step_mb is {options.Memory.MaxStepMb}, must be at least memory.min_mb, which is {options.Memory.MinMb}");
        }

        if (options.Memory.StallThreshold > options.Memory.StallWindow)
        {
            yield return Cross(
                "memory.stall_threshold_ms",
                $"memory.stall_threshold_ms is {options.Memory.StallThreshold.TotalMilliseconds:F0}, must be at most memory.stall_window_ms, "
                + $"which is {options.Memory.StallWindow.TotalMilliseconds:F0}");
        }

        if (options.Pool.MaxSize is > 0 and int most && most < options.Pool.Size)
        {
            yield return Cross("pool.max_size", $"pool.max_size is {most}, must be 0 or at least pool.size, which is {options.Pool.Size}");
        }

        if (options.DataDir == options.StateDir)
        {
            yield return Cross("state_dir", $"state_dir is {options.StateDir}, must be another folder than data_dir");
        }
    }

    private static ConfigurationError Cross(string key, string text) => new(null, null, key, text);
}
