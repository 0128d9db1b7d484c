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
        WriteMembers(json, file);
        json.WriteEndObject();
    }

    /// <summary>All but the path, into an object that is open.</summary>
    public static void WriteMembers(Utf8JsonWriter json, FileDetails file)
    {
        json.WriteString("kind", file.Kind);
        json.WriteNumber("size", file.Size);
        json.WriteString("mode", Octal(file.Mode));
        json.WriteNumber("uid", file.UserId);
        json.WriteNumber("gid", file.GroupId);
        json.WriteMillis("modified", file.Modified);
        json.WriteOptional("link_target", file.LinkTarget);
    }

    public static void WriteWritten(Utf8JsonWriter json, string path, FileWritten written)
    {
        json.WriteStartObject();
        json.WriteString("path", path);
        json.WriteNumber("bytes", written.Bytes);
        json.WriteBoolean("created", written.Created);
        json.WriteString("mode", Octal(written.Mode));
        json.WriteNumber("uid", written.UserId);
        json.WriteNumber("gid", written.GroupId);
        json.WriteEndObject();
    }

    /// <summary>Permission bits with four digits.</summary>
    public static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');

    public static void WriteReceived(Utf8JsonWriter json, string path, ArchiveReceived received)
    {
        json.WriteStartObject();
        json.WriteString("path", path);
        json.WriteNumber("files", received.Files);
        json.WriteNumber("bytes", received.Bytes);
        json.WriteEndObject();
    }
}
