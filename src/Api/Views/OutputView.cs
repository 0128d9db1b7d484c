using System.Buffers;
using System.Text;
using System.Text.Json;
using Sleigh.Api.Requests;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Endpoint 33: a piece of stored output.</summary>
internal static class OutputView
{
    /// <summary>The longest UTF-8 sequence.</summary>
    public const int LongestCharacter = 4;

    public static void Write(Utf8JsonWriter json, ExecId exec, OutputQuery query, OutputPiece piece, int length)
    {
        long next = piece.Offset + length;
        json.WriteStartObject();
        json.WriteString("exec_id", exec.ToString());
        json.WriteString("stream", query.Stream == ExecStream.Stderr ? "stderr" : "stdout");
        json.WriteNumber("offset", piece.Offset);
        json.WriteNumber("next_offset", next);
        json.WriteNumber("total_bytes", piece.TotalBytes);
        json.WriteNumber("stored_bytes", piece.StoredBytes);
        json.WriteBoolean("eof", piece.IsFinal && next == piece.StoredBytes);
        json.WriteString("encoding", query.Base64 ? "base64" : "utf8");
        if (query.Base64)
        {
            json.WriteBase64String("data", piece.Data.Span[..length]);
        }
        else
        {
            json.WriteString("data", Encoding.UTF8.GetString(piece.Data.Span[..length]));
        }

        json.WriteEndObject();
    }

    /// <summary>How much of a piece is whole characters. At the very end everything counts.</summary>
    public static int WholeCharacters(OutputPiece piece)
    {
        ReadOnlySpan<byte> data = piece.Data.Span;
        bool atEnd = piece.IsFinal && piece.Offset + data.Length >= piece.StoredBytes;
        return !atEnd && Rune.DecodeLastFromUtf8(data, out _, out int unfinished) == OperationStatus.NeedMoreData && data.Length > 0
            ? data.Length - unfinished
            : data.Length;
    }

    /// <summary>The length of the first character of a piece; 0 while it is not complete yet.</summary>
    public static int FirstCharacter(OutputPiece piece)
    {
        bool atEnd = piece.IsFinal && piece.Offset + piece.Data.Length >= piece.StoredBytes;
        return Rune.DecodeFromUtf8(piece.Data.Span, out _, out int length) == OperationStatus.NeedMoreData && !atEnd ? 0 : length;
    }
}
