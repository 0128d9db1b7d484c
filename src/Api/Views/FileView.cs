using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Replies of the file endpoints.</summary>
internal static class FileView
{
    public static void Write(Utf8JsonWriter json, string path, FileDetails file)
    {
        json.WriteStartObject();
        json.WriteString("path", path);
        json.WriteString("kind", file.Kind);
        json.WriteNumber("size", file.Size);
        json.WriteString("mode", Convert.ToString(file.Mode, 8).PadLeft(4, '0'));
        json.WriteNumber("uid", file.UserId);
        json.WriteNumber("gid", file.GroupId);
        json.WriteMillis("modified", file.Modified);
        json.WriteOptional("link_target", file.LinkTarget);
        json.WriteEndObject();
    }

    public static void WriteReceived(Utf8JsonWriter json, string path, ArchiveReceived received)
    {
        json.WriteStartObject();
        json.WriteString("path", path);
        json.WriteNumber("files", received.Files);
        json.WriteNumber("bytes", received.Bytes);
        json.WriteEndObject();
    }
}
