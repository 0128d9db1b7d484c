using System.Buffers;
using System.Text;
using System.Text.Json;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Checks of the host as JSON: <c>/admin/doctor</c> answers with it, and <c>sleighd doctor -o json</c> prints it.</summary>
public static class DoctorView
{
    /// <summary>The whole object, on one line.</summary>
    public static string Text(IReadOnlyList<DoctorCheck> checks)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            Write(json, checks);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    internal static void Write(Utf8JsonWriter json, IReadOnlyList<DoctorCheck> checks)
    {
        json.WriteStartObject();
        json.WriteItems(checks, static (writer, check) =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", check.Name);
            writer.WriteString("result", check.Result);
            writer.WriteString("seen", check.Seen);
            writer.WriteOptional("remedy", check.Remedy);
            writer.WriteEndObject();
        });
        json.WriteEndObject();
    }
}
