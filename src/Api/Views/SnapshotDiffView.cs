using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>The reply of endpoint 36.</summary>
internal static class SnapshotDiffView
{
    /// <summary>One page.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="from">Id of the snapshot before.</param>
    /// <param name="to">Id of the snapshot after, or <c>live</c>.</param>
    /// <param name="diff">The page.</param>
    /// <param name="next">The cursor of the next page; null when there is none.</param>
    public static void Write(Utf8JsonWriter json, string from, string to, SnapshotDiff diff, string? next)
    {
        json.WriteStartObject();
        json.WriteString("from", from);
        json.WriteString("to", to);
        json.WriteStartObject("summary");
        json.WriteNumber("added", diff.Added);
        json.WriteNumber("modified", diff.Modified);
        json.WriteNumber("deleted", diff.Deleted);
        json.WriteOptional("renamed", diff.Renamed);
        json.WriteNumber("bytes_added", diff.BytesAdded);
        json.WriteEndObject();
        json.WriteItems(diff.Items, WriteItem);
        json.WriteOptional("next_cursor", next);
        if (diff.RenamesTruncated)
        {
            json.WriteBoolean("renames_truncated", true);
        }

        json.WriteEndObject();
    }

    private static void WriteItem(Utf8JsonWriter json, SnapshotDifference item)
    {
        json.WriteStartObject();
        WritePath(json, "path", item.Path.Span);
        json.WriteString("change", item.Change);
        if (item.From is ReadOnlyMemory<byte> from)
        {
            WritePath(json, "from_path", from.Span);
        }

        json.WriteString("kind", (item.After ?? item.Before)!.Kind);
        if (item.From is null || item.Before?.Size != item.After?.Size)
        {
            json.WriteOptional("size_before", item.Before?.Size);
            json.WriteOptional("size_after", item.After?.Size);
        }

        if (item.Before?.Mode != item.After?.Mode)
        {
            json.WriteOptional("mode_before", item.Before is { } before ? FileView.Octal(before.Mode) : null);
            json.WriteOptional("mode_after", item.After is { } after ? FileView.Octal(after.Mode) : null);
        }

        json.WriteOptional("patch", item.Patch);
        json.WriteOptional("patch_skipped", item.PatchSkipped);
        json.WriteEndObject();
    }

    private static void WritePath(Utf8JsonWriter json, string name, ReadOnlySpan<byte> path)
    {
        json.WriteString(name, Encoding.UTF8.GetString(path));
        if (!Utf8.IsValid(path))
        {
            json.WriteBase64String($"{name}_base64", path);
        }
    }
}
