using System.Globalization;
using Sleigh.Runtime;
using Sleigh.Runtime.Reading;

namespace Sleigh.Api.Views;

/// <summary>The part of one stream that a reply of endpoint 24 shows.</summary>
/// <param name="Kept">The bytes shown.</param>
/// <param name="Omitted">Bytes cut off behind them.</param>
/// <param name="Next">Where the next page begins; null when nothing was cut, or when what follows was not stored.</param>
/// <param name="Lost">A sentence about what was not stored; null: everything was.</param>
internal sealed record ReadOutput(ReadOnlyMemory<byte> Kept, long Omitted, long? Next, string? Lost)
{
    /// <summary>Cuts a piece of a stream that begins where the page does.</summary>
    public static ReadOutput Of(string stream, OutputPiece piece, int mostBytes, int mostLines)
    {
        bool isWhole = piece.IsFinal && piece.Offset + piece.Data.Length >= piece.StoredBytes;
        int kept = ReadPage.Cut(piece.Data.Span, isWhole, mostBytes, mostLines);
        long next = piece.Offset + kept;
        long omitted = Math.Max(0, piece.TotalBytes - next);
        bool atStoredEnd = next >= piece.StoredBytes && piece.StoredBytes < piece.TotalBytes;
        return new ReadOutput(piece.Data[..kept], omitted, omitted > 0 && !atStoredEnd ? next : null, atStoredEnd ? Sentence(stream, piece.StoredBytes) : null);
    }

    private static string Sentence(string stream, long stored) => string.Create(
        CultureInfo.InvariantCulture, $"of {stream} only the first {stored} bytes were kept (exec.spool_max_bytes); read a smaller part");
}
