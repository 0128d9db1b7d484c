using System.Globalization;
using System.Text.Json;

namespace Sleigh.Network.Cni;

/// <summary>A CNI plugin that refused or failed. The text says which plugin, for what, and what it said.</summary>
public sealed class CniException : IOException
{
    /// <summary>The error of one call.</summary>
    /// <param name="plugin">The plugin, such as <c>bridge</c>.</param>
    /// <param name="command">The command, such as <c>ADD</c>.</param>
    /// <param name="code">The plugin's code; 0 where it gave none.</param>
    /// <param name="said">What it said.</param>
    public CniException(string plugin, string command, int code, string said)
        : base(string.Create(CultureInfo.InvariantCulture, $"CNI plugin {plugin} failed in {command}{(code == 0 ? "" : $" with code {code}")}: {said}")) =>
        (Plugin, Command, Code) = (plugin, command, code);

    /// <summary>The plugin.</summary>
    public string Plugin { get; }

    /// <summary>The command.</summary>
    public string Command { get; }

    /// <summary>
    /// The plugin's code (CNI specification 1.0.0, section 5): 1 to 99 have one meaning for all, as 7, invalid configuration, and 11, try again
    /// later; 100 and more are the plugin's own; 0 where it gave none.
    /// </summary>
    public int Code { get; }

    /// <summary>Reads what a failed plugin wrote: an error object on standard output, else whatever it said.</summary>
    internal static CniException From(string plugin, string command, ProgramEnd end)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(end.Output);
            JsonElement error = document.RootElement;
            if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("code", out JsonElement code)
                && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out int number))
            {
                string message = Text(error, "msg") ?? "no message";
                return new CniException(plugin, command, number, Text(error, "details") is { Length: > 0 } details ? $"{message}; {details}" : message);
            }
        }
        catch (JsonException)
        {
            // No error object: the plugin broke down before it could write one.
        }

        string said = end.Errors.Length > 0 ? end.Errors : end.Output.Trim();
        return new CniException(
            plugin, command, 0, string.Create(CultureInfo.InvariantCulture, $"it ended with {end.Status} and said '{(said.Length > 2000 ? said[..2000] : said)}'"));
    }

    private static string? Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
