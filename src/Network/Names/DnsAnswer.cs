using System.Buffers.Binary;
using System.Net;

namespace Sleigh.Network;

/// <summary>What an answer says of the addresses of the name that was asked for: its own, and those of the names that it stands for (CNAME), in this answer.</summary>
internal sealed class DnsAnswer
{
    private const int HeaderLength = 12;
    private const int TypeA = 1;
    private const int TypeCname = 5;
    private const int TypeAaaa = 28;
    private const int Internet = 1;
    private const int MostNames = 17;
    private const int FurthestPointer = 0x3FFF;

    private readonly byte[] _message;
    private readonly DnsQuestion _question;
    private readonly List<(DnsName Owner, uint Seconds, DnsName Target)> _names = [];
    private readonly List<(DnsName Owner, uint Seconds, IPAddress Address)> _addresses = [];
    private readonly HashSet<DnsName> _reached;

    private DnsAnswer(byte[] message, DnsQuestion question) => (_message, _question, _reached) = (message, question, [question.Name]);

    /// <summary>Addresses of the name, each once with its longest life.</summary>
    public IReadOnlyList<DnsAddress> Addresses => [.. _addresses.Where(a => _reached.Contains(a.Owner)).GroupBy(a => a.Address)
        .Select(g => new DnsAddress(g.Key, TimeSpan.FromSeconds(g.Max(a => a.Seconds))))];

    /// <summary>Whether there are addresses of other names among the answers: nobody asked for them.</summary>
    public bool HasOthers => _addresses.Any(a => !_reached.Contains(a.Owner));

    /// <summary>Reads one; null where it does not answer the question, or its records cannot be read.</summary>
    public static DnsAnswer? Read(byte[] message, DnsQuestion question)
    {
        // An answer (QR), opcode 0.
        if (message.Length < HeaderLength || (message[2] & 0xF8) != 0x80 || !DnsQuestion.TryRead(message, out DnsQuestion own) || !question.IsThatOf(message))
        {
            return null;
        }

        DnsAnswer answer = new(message, own);
        int at = own.End;
        for (int left = BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(6)); left > 0; left--)
        {
            if (!answer.TryReadRecord(ref at))
            {
                // One that says it is cut off (TC) may be so in the midst of a record.
                return (message[2] & 0x02) != 0 ? answer.Reach() : null;
            }
        }

        return answer.Reach();
    }

    /// <summary>The same answer with these addresses alone, and the names that lead to them.</summary>
    public byte[] Keep(IReadOnlySet<IPAddress> addresses)
    {
        List<byte> kept = [.. _message[.._question.End]];
        Dictionary<DnsName, int> written = [];
        WriteName(_question.Name, HeaderLength);
        int records = 0;
        foreach ((DnsName owner, uint seconds, DnsName target) in _names.Where(n => _reached.Contains(n.Owner)))
        {
            List<byte> head = Head(owner, TypeCname, seconds);
            kept.AddRange(head);
            kept.AddRange([0, 0]);
            int data = kept.Count;
            kept.AddRange(Name(target, data));
            (kept[data - 2], kept[data - 1]) = ((byte)((kept.Count - data) >> 8), (byte)(kept.Count - data));
            records++;
        }

        foreach ((DnsName owner, uint seconds, IPAddress address) in _addresses.Where(a => _reached.Contains(a.Owner) && addresses.Contains(a.Address)))
        {
            byte[] bytes = address.GetAddressBytes();
            kept.AddRange(Head(owner, bytes.Length == 4 ? TypeA : TypeAaaa, seconds));
            kept.AddRange([0, (byte)bytes.Length, .. bytes]);
            records++;
        }

        // The counts of records; and no word of their signatures (AD, RFC 4035 section 3.2.3), of which this one has none.
        byte[] message = [.. kept];
        message.AsSpan(6, 6).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)records);
        message[3] &= 0xDF;
        return message;

        List<byte> Head(DnsName owner, int type, uint seconds)
        {
            List<byte> head = [.. Name(owner, kept.Count), 0, (byte)type, 0, Internet, 0, 0, 0, 0];
            BinaryPrimitives.WriteUInt32BigEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(head)[^4..], seconds);
            return head;
        }

        void WriteName(DnsName name, int at)
        {
            foreach ((DnsName tail, byte[] label) in name.Labels())
            {
                written.TryAdd(tail, at);
                at += label.Length;
            }
        }

        List<byte> Name(DnsName name, int at)
        {
            List<byte> bytes = [];
            foreach ((DnsName tail, byte[] label) in name.Labels())
            {
                if (written.TryGetValue(tail, out int there))
                {
                    return [.. bytes, (byte)(0xC0 | (there >> 8)), (byte)there];
                }

                if (at + bytes.Count <= FurthestPointer)
                {
                    written.Add(tail, at + bytes.Count);
                }

                bytes.AddRange(label);
            }

            return [.. bytes, 0];
        }
    }

    private bool TryReadRecord(ref int at)
    {
        if (!DnsName.TryRead(_message, ref at, out DnsName owner) || at + 10 > _message.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> head = _message.AsSpan(at, 10);
        int type = BinaryPrimitives.ReadUInt16BigEndian(head);
        bool isInternet = BinaryPrimitives.ReadUInt16BigEndian(head[2..]) == Internet;
        uint seconds = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
        int length = BinaryPrimitives.ReadUInt16BigEndian(head[8..]);
        int data = at + 10;
        at = data + length;
        if (at > _message.Length)
        {
            return false;
        }

        // The first bit set means 0 (RFC 2181, section 8).
        seconds = seconds > int.MaxValue ? 0 : seconds;
        if (!isInternet || type is not (TypeA or TypeAaaa or TypeCname))
        {
            return true;
        }

        if (type == TypeCname)
        {
            bool isName = DnsName.TryRead(_message, ref data, out DnsName target) && data == at;
            if (isName)
            {
                _names.Add((owner, seconds, target));
            }

            return isName;
        }

        bool isAddress = length == (type == TypeA ? 4 : 16);
        if (isAddress)
        {
            _addresses.Add((owner, seconds, new IPAddress(_message.AsSpan(data, length))));
        }

        return isAddress;
    }

    private DnsAnswer Reach()
    {
        // As often as there are names at most: they may stand in any order, and in a circle.
        for (int before = 0; before != _reached.Count && _reached.Count < MostNames;)
        {
            before = _reached.Count;
            foreach ((DnsName owner, _, DnsName target) in _names)
            {
                if (_reached.Count < MostNames && _reached.Contains(owner))
                {
                    _reached.Add(target);
                }
            }
        }

        return this;
    }
}
