using System.Buffers.Binary;

namespace Sleigh.Network;

/// <summary>What a message asks (RFC 1035, section 4.1.2).</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type of records, such as 1 for A.</param>
/// <param name="Class">1 is the Internet.</param>
/// <param name="End">Where the question ends in the message.</param>
internal readonly record struct DnsQuestion(DnsName Name, int Type, int Class, int End)
{
    private const int HeaderLength = 12;

    /// <summary>Reads that of a message with one question.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out DnsQuestion question)
    {
        question = default;
        int at = HeaderLength;
        if (message.Length < HeaderLength || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1
            || !DnsName.TryRead(message, ref at, out DnsName name) || at + 4 > message.Length)
        {
            return false;
        }

        question = new DnsQuestion(
            name, BinaryPrimitives.ReadUInt16BigEndian(message[at..]), BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]), at + 4);
        return true;
    }

    /// <summary>Whether a message asks the same, or answers it.</summary>
    public bool IsThatOf(ReadOnlySpan<byte> message) =>
        TryRead(message, out DnsQuestion other) && other.Name == Name && other.Type == Type && other.Class == Class;
}
