using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>Query of endpoint 36.</summary>
/// <param name="From">The snapshot that the path names.</param>
/// <param name="To">A snapshot id as it was sent, or <c>live</c>.</param>
/// <param name="Prefix">An absolute path without <c>.</c>, <c>..</c> and empty parts.</param>
/// <param name="Limit">1 to 10000.</param>
/// <param name="After">The last path of the page before; empty for the first page.</param>
internal sealed record DiffRequest(SnapshotId From, string To, string Prefix, int Limit, ReadOnlyMemory<byte> After)
{
    /// <summary>Our extension: whether what was moved is told as one change.</summary>
    public bool Renames { get; init; }

    /// <summary>Our extension: up to which size text files are shown as a patch; null: no patches.</summary>
    public int? PatchMaxBytes { get; init; }

    /// <summary>What <see cref="To"/> is when the live files are meant.</summary>
    public const string Live = "live";

    private const int DefaultPatchBytes = 64 * 1024;
    private const int MostPatchBytes = 1024 * 1024;
    private const int MarkBytes = 8;
    private const int MostCursor = 8192;

    /// <summary>Reads it from raw parameters, null where one is not there.</summary>
    public static DiffRequest Parse(
        SnapshotId from, string? to, string? prefix, string? limit, string? cursor, string? renames, (string? Wanted, string? MaxBytes) patch)
    {
        to = string.IsNullOrWhiteSpace(to) ? Live : to.Trim();
        string plain = PlainPrefix(prefix);
        int most = FileQuery.Limit(limit);
        bool withRenames = FileQuery.Flag("renames", renames);
        int? patchBytes = PatchBytes(FileQuery.Flag("patch", patch.Wanted), patch.MaxBytes);
        return new DiffRequest(from, to, plain, most, cursor is null ? default : Open(cursor, Mark(from, to, plain, withRenames)))
        {
            Renames = withRenames, PatchMaxBytes = patchBytes,
        };
    }

    /// <summary>The cursor of the page behind one that ends with this path. It is good for the same comparison only.</summary>
    public string CursorBehind(ReadOnlySpan<byte> path) => Base64Url.EncodeToString([.. Mark(From, To, Prefix, Renames), .. path]);

    private static int? PatchBytes(bool patch, string? most)
    {
        if (most is null)
        {
            return patch ? DefaultPatchBytes : null;
        }

        bool ok = int.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out int bytes) && bytes is >= 1 and <= MostPatchBytes;
        return (ok, patch) switch
        {
            (false, _) => throw ApiErrors.Invalid("patch_max_bytes", $"must be 1 to {MostPatchBytes}").Exception(),
            (_, false) => throw ApiErrors.Invalid("patch_max_bytes", "goes with patch=true only").Exception(),
            _ => bytes,
        };
    }

    private static string PlainPrefix(string? prefix)
    {
        string[] parts = (FieldRules.AbsolutePath("prefix", prefix) ?? "/").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return Array.Exists(parts, part => part is "." or "..")
            ? throw ApiErrors.Invalid("prefix", "must have no parts '.' and '..'").Exception()
            : "/" + string.Join('/', parts);
    }

    // With renames other paths are on a page.
    private static byte[] Mark(SnapshotId from, string to, string prefix, bool renames) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{from}\n{to}\n{prefix}{(renames ? "\nrenames" : "")}"))[..MarkBytes];

    private static byte[] Open(string cursor, byte[] mark)
    {
        byte[] bytes = new byte[MostCursor];
        int length = 0;
        bool ok = cursor.Length is > 0 and <= MostCursor && Base64Url.IsValid(cursor) && Base64Url.TryDecodeFromChars(cursor, bytes, out length)
            && length > MarkBytes && bytes.AsSpan(0, MarkBytes).SequenceEqual(mark)
            && bytes[MarkBytes] == (byte)'/' && !bytes.AsSpan(MarkBytes, length - MarkBytes).Contains((byte)0);
        return ok ? bytes[MarkBytes..length] : throw ApiErrors.InvalidCursor().Exception();
    }
}
