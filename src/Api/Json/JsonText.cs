using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sleigh.Api.Json;

/// <summary>How replies are written: compact, text as it is, times as section 1.4 of the contract says.</summary>
internal static class JsonText
{
    private const int KeptBuffer = 256 * 1024;

    // Text stays readable (" as \", no \u003c); replies are application/json and never part of a page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Runs the writer and hands the text to <paramref name="use"/>, which must not keep it.</summary>
    public static void Render<T>(Action<Utf8JsonWriter> write, T state, Action<ReadOnlySpan<byte>, T> use)
    {
        // Taken out while in use, so that a failure half-way leaves no half-written buffer behind.
        ArrayBufferWriter<byte> buffer = _buffer ?? new ArrayBufferWriter<byte>(1024);
        Utf8JsonWriter writer = _writer ?? new Utf8JsonWriter(buffer, Options);
        (_buffer, _writer) = (null, null);

        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        write(writer);
        writer.Flush();
        use(buffer.WrittenSpan, state);

        if (buffer.Capacity <= KeptBuffer)
        {
            (_buffer, _writer) = (buffer, writer);
        }
    }

    /// <summary>The text as an array of its own.</summary>
    public static byte[] ToArray(Action<Utf8JsonWriter> write)
    {
        byte[] bytes = [];
        Render(write, 0, (text, _) => bytes = text.ToArray());
        return bytes;
    }

    /// <summary>RFC 3339 with whole seconds: a base field.</summary>
    public static void WriteSeconds(this Utf8JsonWriter json, string name, DateTimeOffset time) =>
        WriteTime(json, name, time, "yyyy-MM-dd'T'HH:mm:ss'Z'");

    /// <summary>RFC 3339 with three fraction digits: <c>created</c> of a sandbox and fields the base API does not have.</summary>
    public static void WriteMillis(this Utf8JsonWriter json, string name, DateTimeOffset time) =>
        WriteTime(json, name, time, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    /// <summary>Text that is left out when there is none.</summary>
    public static void WriteOptional(this Utf8JsonWriter json, string name, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            json.WriteString(name, text);
        }
    }

    /// <summary>A figure that is left out when there is none.</summary>
    public static void WriteOptional(this Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } figure)
        {
            json.WriteNumber(name, figure);
        }
    }

    /// <summary>A share or percentage that is left out when there is none.</summary>
    public static void WriteOptional(this Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } figure)
        {
            json.WriteNumber(name, figure);
        }
    }

    /// <summary>True, or left out.</summary>
    public static void WriteWhenTrue(this Utf8JsonWriter json, string name, bool flag)
    {
        if (flag)
        {
            json.WriteBoolean(name, true);
        }
    }

    /// <summary>A list of texts.</summary>
    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    /// <summary>A list of objects under <c>items</c>.</summary>
    public static void WriteItems<T>(this Utf8JsonWriter json, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray("items");
        foreach (T item in items)
        {
            write(json, item);
        }

        json.WriteEndArray();
    }

    /// <summary>Milliseconds, rounded up: nothing that took time shows as 0.</summary>
    public static long CeilingMs(TimeSpan time) => (long)Math.Ceiling(time.TotalMilliseconds);

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset time, string format)
    {
        Span<byte> text = stackalloc byte[32];
        time.UtcDateTime.TryFormat(text, out int length, format, CultureInfo.InvariantCulture);
        json.WriteString(name, text[..length]);
    }
}
