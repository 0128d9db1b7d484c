using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sleigh.Daemon.Logging;

/// <summary>
/// One entry in journald's own form: <c>NAME=value</c> and a line feed for each field; a value with line feeds stands behind its length
/// instead.
/// </summary>
internal sealed class JournalEntry
{
    private readonly ArrayBufferWriter<byte> _bytes = new(512);

    /// <summary>The entry as it is sent.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    /// <summary>Adds a field; an empty value adds nothing. Tokens of sessions are blotted out, wherever they stand.</summary>
    /// <param name="name">Capitals, digits and underscores.</param>
    /// <param name="value">Any text.</param>
    public JournalEntry Add(string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return this;
        }

        string text = Secrets.Blot(value);
        Encoding.ASCII.GetBytes(name, _bytes);
        if (text.Contains('\n', StringComparison.Ordinal))
        {
            _bytes.Write("\n"u8);
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), (ulong)Encoding.UTF8.GetByteCount(text));
            _bytes.Advance(sizeof(ulong));
        }
        else
        {
            _bytes.Write("="u8);
        }

        Encoding.UTF8.GetBytes(text, _bytes);
        _bytes.Write("\n"u8);
        return this;
    }
}
