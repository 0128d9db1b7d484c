using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>Reads and shows one entry of <c>images.registries</c>. Files that it names are read here, so that a wrong one stops the start.</summary>
internal static class RegistryEntry
{
    internal static readonly string[] Keys = ["username", "password", "password_file", "token", "ca_file", "plain_http", "mirrors"];

    private const string SecretRule = "1 to 4096 characters without control characters";
    private const int MaxSecret = 4096;

    /// <summary>The entry; null, and errors added, when something is wrong with it.</summary>
    internal static RegistryOptions? Read(string source, MapEntry entry, ICollection<ConfigurationError> errors)
    {
        int before = errors.Count;
        if (!SettingText.RegistryHost(entry.Name.Trim(), out string host))
        {
            string shown = new SettingValue(source, entry.Line, "", entry.Name, null).Shown;
            Add(source, entry.Line, RegistriesSetting.Name, $"{RegistriesSetting.Name} names {shown}, must name a host as image names do, such as registry.example:5000");
        }

        RegistryOptions registry = new() { Host = host };
        HashSet<string> set = [];
        foreach (SettingValue value in entry.Fields)
        {
            string field = value.Key[(value.Key.LastIndexOf("].", StringComparison.Ordinal) + 2)..];
            set.Add(field);
            registry = Apply(registry, field, value);
        }

        foreach (string problem in Misfits(set))
        {
            Add(source, entry.Line, RegistriesSetting.Name, $"{RegistriesSetting.Name}[{host}] {problem}");
        }

        return errors.Count == before ? registry : null;

        RegistryOptions Apply(RegistryOptions to, string field, SettingValue value)
        {
            string text = value.Text?.Trim() ?? "";
            switch (field)
            {
                case "username" when IsSecret(value.Text) && !text.Contains(':', StringComparison.Ordinal):
                    return to with { Username = text };
                case "username":
                    return Refuse(value.Shown, "a user name without a colon");
                case "password" when IsSecret(value.Text):
                    return to with { Password = value.Text };
                case "token" when IsSecret(value.Text) && !text.Contains(' ', StringComparison.Ordinal):
                    return to with { Token = text };
                case "password":
                    return Refuse("(hidden)", SecretRule);
                case "token":
                    return Refuse("(hidden)", SecretRule + " or spaces");
                case "password_file":
                    return ReadPassword(text, out string? password) is { } unreadable
                        ? Refuse(value.Shown, $"a file with {SecretRule}: {unreadable}")
                        : to with { Password = password };
                case "ca_file":
                    return CheckAuthorities(text) is { } wrong
                        ? Refuse(value.Shown, $"a file with certificates in PEM form: {wrong}")
                        : to with { CaFile = text };
                case "plain_http" when value.Text is not null && SettingText.Flag(text, out bool plain):
                    return to with { PlainHttp = plain };
                case "plain_http":
                    return Refuse(value.Shown, "true or false");
                case "mirrors" when ReadMirrors(value.Items) is { } mirrors:
                    return to with { Mirrors = mirrors };
                case "mirrors":
                    return Refuse(value.Shown, "a list of http or https addresses, such as [https://mirror.example]");
                default:
                    string nearest = NearestWord.Find(field, Keys);
                    Add(source, value.Line, value.Key, $"there is no key {new SettingValue(source, value.Line, "", value.Key, null).Shown}; the nearest is {nearest}");
                    return to;
            }

            RegistryOptions Refuse(string shown, string rule)
            {
                Add(source, value.Line, value.Key, $"{value.Key} is {shown}, must be {rule}");
                return to;
            }
        }

        void Add(string file, int? line, string key, string text) => errors.Add(new ConfigurationError(file, line, key, text));
    }

    /// <summary>The entry as it would be written, secrets hidden.</summary>
    internal static string Format(RegistryOptions registry)
    {
        List<string> fields = [];
        if (registry.Username is { } user)
        {
            fields.Add($"username: {user}");
        }

        if (registry.Password is not null)
        {
            fields.Add("password: (hidden)");
        }

        if (registry.Token is not null)
        {
            fields.Add("token: (hidden)");
        }

        if (registry.CaFile is { } file)
        {
            fields.Add($"ca_file: {file}");
        }

        if (registry.PlainHttp)
        {
            fields.Add("plain_http: true");
        }

        if (registry.Mirrors.Count > 0)
        {
            fields.Add($"mirrors: [{string.Join(", ", registry.Mirrors.Select(m => m.AbsoluteUri))}]");
        }

        return $"{registry.Host}: {{{string.Join(", ", fields)}}}";
    }

    /// <summary>Keys that do not go together.</summary>
    private static IEnumerable<string> Misfits(HashSet<string> set)
    {
        bool password = set.Contains("password") || set.Contains("password_file");
        if (set.Contains("password") && set.Contains("password_file"))
        {
            yield return "has password and password_file; one of them is enough";
        }

        if (set.Contains("username") && !password)
        {
            yield return "has username without password or password_file";
        }

        if (password && !set.Contains("username"))
        {
            yield return "has a password without username";
        }

        if (set.Contains("token") && (password || set.Contains("username")))
        {
            yield return "has token and a login; one of them is enough";
        }
    }

    private static bool IsSecret(string? text) => text is { Length: > 0 and <= MaxSecret } && !text.Any(char.IsControl);

    private static Uri[]? ReadMirrors(IReadOnlyList<string>? items)
    {
        List<Uri> mirrors = [];
        foreach (string item in items ?? [])
        {
            if (!SettingText.Mirror(item.Trim(), out Uri address))
            {
                return null;
            }

            mirrors.Add(address);
        }

        return items is null ? null : [.. mirrors];
    }

    /// <summary>What is wrong; null, and the password, when nothing is.</summary>
    private static string? ReadPassword(string path, out string? password)
    {
        password = null;
        List<ConfigurationError> errors = [];
        if (!SettingText.AbsolutePath(path, out string file))
        {
            return "it is no absolute path";
        }

        // One line end belongs to the file, not to the password.
        string? text = ConfigurationFile.Read(file, errors);
        if (text is null)
        {
            return errors[0].Text.Replace("the configuration", "it", StringComparison.Ordinal);
        }

        password = text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        return IsSecret(password) ? null : "it holds something else";
    }

    private static string? CheckAuthorities(string path)
    {
        if (!SettingText.AbsolutePath(path, out string file))
        {
            return "it is no absolute path";
        }

        List<ConfigurationError> errors = [];
        if (ConfigurationFile.Read(file, errors) is not { } text)
        {
            return errors[0].Text.Replace("the configuration", "it", StringComparison.Ordinal);
        }

        X509Certificate2Collection found = [];
        try
        {
            found.ImportFromPem(text);
            return found.Count > 0 ? null : "it holds no certificate";
        }
        catch (CryptographicException)
        {
            return "what it holds is damaged";
        }
        finally
        {
            foreach (X509Certificate2 certificate in found)
            {
                certificate.Dispose();
            }
        }
    }
}
