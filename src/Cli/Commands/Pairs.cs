using System.Text.Json.Nodes;

namespace Sleigh.Cli.Commands;

/// <summary>Options of the form <c>NAME=VALUE</c>.</summary>
internal static class Pairs
{
    /// <summary>An object of strings. A name alone takes its value from <paramref name="lookup"/>, where that is given.</summary>
    /// <exception cref="CliException">A pair has no name, or no value can be found for it.</exception>
    public static JsonObject? Parse(string option, string[]? pairs, Func<string, string?>? lookup = null)
    {
        if (pairs is not { Length: > 0 })
        {
            return null;
        }

        JsonObject parsed = [];
        foreach (string pair in pairs)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? pair : pair[..equals];
            string? value = equals < 0 ? lookup?.Invoke(name) : pair[(equals + 1)..];
            if (name.Length == 0 || value is null)
            {
                string rule = equals < 0 && lookup is not null ? "is not set here; write NAME=VALUE" : "must be NAME=VALUE";
                throw new CliException(ExitCode.Usage, $"{option} '{pair}' {rule}");
            }

            parsed[name] = value;
        }

        return parsed;
    }
}
