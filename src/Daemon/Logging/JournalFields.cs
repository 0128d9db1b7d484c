using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Sleigh.Daemon.Logging;

/// <summary>From a log sentence with its values to the fields of a journal entry. docs/systemd.md lists them.</summary>
internal static class JournalFields
{
    private const string Identifier = "sleighd";

    // The names that sentences and scopes use, and what the journal calls them.
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Sandbox"] = "SLEIGH_SANDBOX",
        ["Session"] = "SLEIGH_SESSION",
        ["Exec"] = "SLEIGH_EXEC",
        ["Operation"] = "SLEIGH_OPERATION",
        ["Snapshot"] = "SLEIGH_SNAPSHOT",
        ["Slot"] = "SLEIGH_SLOT",
        ["Image"] = "SLEIGH_IMAGE",
        ["RequestId"] = "SLEIGH_REQUEST",
    };

    public static JournalEntry Write(
        LogLevel level, string category, EventId id, string sentence, Exception? exception, IEnumerable<KeyValuePair<string, object?>> values)
    {
        SortedDictionary<string, string> fields = new(StringComparer.Ordinal);
        if (id.Name is not null)
        {
            fields["SLEIGH_OPERATION"] = id.Name;
        }

        // The innermost value of a name comes last and counts.
        foreach ((string name, object? value) in values)
        {
            if (value is not null && Names.TryGetValue(name, out string? field))
            {
                fields[field] = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            }
        }

        JournalEntry entry = new JournalEntry()
            .Add("MESSAGE", exception is null ? sentence : $"{sentence}\n{exception}")
            .Add("PRIORITY", Priority(level))
            .Add("SYSLOG_IDENTIFIER", Identifier)
            .Add("SLEIGH_EVENT_ID", id.Id.ToString(CultureInfo.InvariantCulture))
            .Add("SLEIGH_CATEGORY", category);
        foreach ((string field, string value) in fields)
        {
            entry.Add(field, value);
        }

        return entry;
    }

    // syslog(3).
    private static string Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => "2",
        LogLevel.Error => "3",
        LogLevel.Warning => "4",
        LogLevel.Information => "6",
        _ => "7",
    };
}
