using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Sleigh.Containerd;

/// <summary>How a gRPC call ended: a number and what the server said.</summary>
internal readonly record struct GrpcStatus(int Code, string Message)
{
    public bool IsOk => Code == 0;

    /// <summary>The server's words, or the number where it said nothing.</summary>
    public string Text => Message.Length > 0 ? Message : $"status {Code}";

    /// <summary>Reads <c>grpc-status</c> and <c>grpc-message</c>; null where there is no status or it is no number.</summary>
    public static GrpcStatus? Read(HttpHeaders headers)
    {
        if (!headers.TryGetValues("grpc-status", out IEnumerable<string>? codes)
            || !int.TryParse(codes.First(), NumberStyles.None, CultureInfo.InvariantCulture, out int code))
        {
            return null;
        }

        string message = headers.TryGetValues("grpc-message", out IEnumerable<string>? texts) ? texts.First() : "";
        return new GrpcStatus(code, DecodePercent(message));
    }

    /// <summary>
    /// Undoes gRPC's percent-encoding of UTF-8 text. A '%' that two hex digits do not follow stands for itself, as the
    /// gRPC specification asks of readers.
    /// </summary>
    public static string DecodePercent(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
        {
            return text;
        }

        byte[] source = Encoding.UTF8.GetBytes(text);
        byte[] target = new byte[source.Length];
        int length = 0;
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i] == '%' && i + 2 < source.Length
                && byte.TryParse(source.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                target[length++] = value;
                i += 2;
            }
            else
            {
                target[length++] = source[i];
            }
        }

        return Encoding.UTF8.GetString(target, 0, length);
    }
}
