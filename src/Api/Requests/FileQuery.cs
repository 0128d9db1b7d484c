using System.Globalization;
using System.Text;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Requests;

/// <summary>Query parameters of the file endpoints. Each gives the value, or throws 400 with the parameter's name.</summary>
internal static class FileQuery
{
    private const int DefaultItems = 1000;
    private const int MostItems = 10_000;
    private const int MostMode = 0xFFF; // 07777

    /// <summary>Parameter <c>path</c>, which must be there.</summary>
    public static string Path(string? text) =>
        FieldRules.AbsolutePath("path", text) ?? throw ApiErrors.Required("path").Exception();

    /// <summary>Parameter <c>mode</c>: octal; null when it is not there.</summary>
    public static int? Mode(string? text)
    {
        if (text is null)
        {
            return null;
        }

        int mode = 0;
        foreach (char digit in text)
        {
            mode = digit is >= '0' and <= '7' && mode <= MostMode ? (mode * 8) + (digit - '0') : int.MaxValue;
        }

        return text.Length > 0 && mode <= MostMode ? mode : throw ApiErrors.Invalid("mode", "must be an octal number from 0 to 7777, such as 0644").Exception();
    }

    /// <summary>A parameter that is yes or no; no when it is not there.</summary>
    public static bool Flag(string field, string? text) => text switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw ApiErrors.NotOneOf(field, "true", "false").Exception(),
    };

    /// <summary>Parameter <c>limit</c>: 1 to 10000, 1000 when it is not there.</summary>
    public static int Limit(string? text) =>
        text is null
            ? DefaultItems
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit is >= 1 and <= MostItems
                ? limit
                : throw ApiErrors.Invalid("limit", $"must be 1 to {MostItems}").Exception();

    /// <summary>Parameters <c>after</c> and <c>after_base64</c>: bytes of a name; none when neither is there.</summary>
    public static ReadOnlyMemory<byte> After(string? text, string? base64)
    {
        if (base64 is null)
        {
            return IsName(Encoding.UTF8.GetBytes(text ?? "")) ? Encoding.UTF8.GetBytes(text ?? "") : throw NoName("after").Exception();
        }

        byte[] name = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, name, out int length) && IsName(name.AsSpan(0, length))
            ? name.AsMemory(0, length)
            : throw NoName("after_base64").Exception();
    }

    private static bool IsName(ReadOnlySpan<byte> name) => name.Length <= 255 && !name.ContainsAny((byte)0, (byte)'/');

    private static ApiError NoName(string field) => ApiErrors.Invalid(field, "must be a file's name");
}
