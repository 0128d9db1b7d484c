using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>A directory of a sandbox.</summary>
internal static class FileListView
{
    public static void Write(Utf8JsonWriter json, string path, FileList list)
    {
        json.WriteStartObject();
        json.WriteString("path", path);
        json.WriteItems(list.Items, WriteItem);
        if (list.Next is ReadOnlyMemory<byte> next)
        {
            WriteName(json, "next", next.Span);
        }

        json.WriteEndObject();
    }

    private static void WriteItem(Utf8JsonWriter json, FileListItem item)
    {
        json.WriteStartObject();
        WriteName(json, "name", item.Name.Span);
        FileView.WriteMembers(json, item.Details);
        json.WriteEndObject();
    }

    // Bytes that are no UTF-8 are shown as U+FFFD; then the name itself stands beside it.
    private static void WriteName(Utf8JsonWriter json, string field, ReadOnlySpan<byte> name)
    {
        json.WriteString(field, Encoding.UTF8.GetString(name));
        if (!Utf8.IsValid(name))
        {
            json.WriteBase64String($"{field}_base64", name);
        }
    }
}
