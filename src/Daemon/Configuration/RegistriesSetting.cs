using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>The map <c>images.registries</c>: hosts, each with keys of its own. A later file adds hosts, and replaces those it names again.</summary>
internal sealed class RegistriesSetting : Setting
{
    internal const string Name = "images.registries";

    internal RegistriesSetting()
        : base(
            Name,
            $"a map of hosts, such as registry.example:5000, each with some of {string.Join(", ", RegistryEntry.Keys)}",
            isSecret: false)
    {
    }

    internal override SleighOptions? Apply(SleighOptions options, SettingValue value, out ConfigurationError? error)
    {
        List<ConfigurationError> errors = [];
        SleighOptions? applied = Apply(options, value, errors);
        error = errors.FirstOrDefault();
        return applied;
    }

    internal override SleighOptions? Apply(SleighOptions options, SettingValue value, ICollection<ConfigurationError> errors)
    {
        if (value is { IsFromEnvironment: true, Entries: null })
        {
            return ApplyVariable(options, value, errors);
        }

        if (value.Entries is null)
        {
            errors.Add(Error(value, Rule));
            return null;
        }

        int before = errors.Count;
        Dictionary<string, int> lines = [];
        List<RegistryOptions> registries = [.. options.Images.Registries];
        foreach (MapEntry entry in value.Entries)
        {
            if (RegistryEntry.Read(value.Source, entry, errors) is not { } registry)
            {
                continue;
            }

            if (lines.TryGetValue(registry.Host, out int first))
            {
                errors.Add(new ConfigurationError(value.Source, entry.Line, Key, $"{Key}[{registry.Host}] is set twice, first on line {first}"));
            }

            lines.TryAdd(registry.Host, entry.Line);
            registries.RemoveAll(r => r.Host == registry.Host);
            registries.Add(registry);
        }

        return errors.Count == before ? options with { Images = options.Images with { Registries = registries } } : null;
    }

    // A variable holds the map as YAML on one line: {registry.example: {username: reader, password_file: /x}}.
    private SleighOptions? ApplyVariable(SleighOptions options, SettingValue value, ICollection<ConfigurationError> errors)
    {
        List<ConfigurationError> found = [];
        IReadOnlyList<SettingValue> read = YamlSettings.Parse(value.Source, $"images:\n  registries: {value.Text!.ReplaceLineEndings(" ")}\n", found);
        SleighOptions? applied = null;
        if (found.Count == 0 && read is [{ Key: Name, Entries: not null } map])
        {
            applied = Apply(options, map, found);
        }
        else if (found.Count == 0)
        {
            // Not the text itself: it may hold a password.
            found.Add(new ConfigurationError(value.Source, null, Key, $"{Key} must be {Rule}, as YAML on one line"));
        }

        foreach (ConfigurationError error in found)
        {
            errors.Add(error with { Line = null });
        }

        return found.Count == 0 ? applied : null;
    }

    internal override bool IsSame(SleighOptions one, SleighOptions other) => one.Images.Registries.Count == other.Images.Registries.Count
        && one.Images.Registries.Zip(other.Images.Registries).All(p => p.First with { Mirrors = [] } == p.Second with { Mirrors = [] } && p.First.Mirrors.SequenceEqual(p.Second.Mirrors));

    internal override SleighOptions Copy(SleighOptions from, SleighOptions to) =>
        to with { Images = to.Images with { Registries = from.Images.Registries } };

    internal override string Format(SleighOptions options) => options.Images.Registries.Count == 0
        ? ""
        : $"{{{string.Join(", ", options.Images.Registries.Select(RegistryEntry.Format))}}}";
}
