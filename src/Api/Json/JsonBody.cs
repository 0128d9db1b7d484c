using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Json;

/// <summary>Text to a JSON object, or the contract's error. What comes out holds no text that cannot be read later.</summary>
internal static class JsonBody
{
    private const int MaxDepth = 64;

    /// <summary>Parses a body that must be an object. The memory must stay as it is while the document is in use.</summary>
    /// <exception cref="ApiException">400 <c>invalid_json</c>.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> text)
    {
        Check(text.Span);
        return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
    }

    /// <summary>As <see cref="Parse"/>, but null for what is not a JSON object.</summary>
    public static JsonDocument? ParseLeniently(ReadOnlyMemory<byte> text)
    {
        try
        {
            return Parse(text);
        }
        catch (ApiException)
        {
            return null;
        }
    }

    /// <summary>Whether there is nothing but JSON white space.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> text) => text.IndexOfAnyExcept(" \t\r\n"u8) < 0;

    private static void Check(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
        {
            throw ApiErrors.InvalidJson("the body is not UTF-8").Exception();
        }

        Utf8JsonReader reader = new(text, new JsonReaderOptions { MaxDepth = MaxDepth, AllowMultipleValues = true });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw ApiErrors.InvalidJson("the body must be an object").Exception();
            }

            while (reader.CurrentDepth > 0 || reader.TokenType != JsonTokenType.EndObject)
            {
                if (!reader.Read())
                {
                    throw ApiErrors.InvalidJson("the object is cut off").Exception();
                }

                if (reader.ValueIsEscaped)
                {
                    CheckEscapes(ref reader);
                }
            }
        }
        catch (JsonException malformed)
        {
            throw ApiErrors.InvalidJson($"malformed at line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}").Exception();
        }

        if (!IsBlank(text[(int)reader.BytesConsumed..]))
        {
            throw ApiErrors.InvalidJson("there is text after the object").Exception();
        }
    }

    // \ud800 alone is valid JSON but no text. JsonElement would throw only when the string is read.
    private static void CheckEscapes(ref Utf8JsonReader reader)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(buffer);
        }
        catch (InvalidOperationException)
        {
            throw ApiErrors.InvalidJson($"half of a surrogate pair before byte {reader.BytesConsumed}").Exception();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
