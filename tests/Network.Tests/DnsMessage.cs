using System.Buffers.Binary;
using System.Net;

namespace Sleigh.Network.Tests;

/// <summary>Messages to try things with: written record by record.</summary>
internal sealed class DnsMessage
{
    private readonly List<byte> _bytes;
    private int _records;

    public DnsMessage(string name, int type = 1, byte flags = 0x81, byte code = 0) =>
        _bytes = [0x12, 0x34, flags, (byte)(0x80 | code), 0, 1, 0, 0, 0, 0, 0, 0, .. Names.Bytes(name), 0, (byte)type, 0, 1];

    public static byte[] Question(string name, int type = 1) =>
        [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. Names.Bytes(name), 0, (byte)type, 0, 1];

    public DnsMessage Address(string owner, string address, uint seconds = 300) => Address(Names.Bytes(owner), address, seconds);

    public DnsMessage Address(byte[] owner, string address, uint seconds = 300)
    {
        byte[] bytes = IPAddress.Parse(address).GetAddressBytes();
        return Record(owner, bytes.Length == 4 ? 1 : 28, bytes, seconds);
    }

    public DnsMessage Alias(string owner, string target, uint seconds = 300) => Record(Names.Bytes(owner), 5, Names.Bytes(target), seconds);

    public DnsMessage Record(byte[] owner, int type, byte[] data, uint seconds = 300, int kind = 1)
    {
        byte[] life = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(life, seconds);
        _bytes.AddRange([.. owner, 0, (byte)type, 0, (byte)kind, .. life, (byte)(data.Length >> 8), (byte)data.Length, .. data]);
        _records++;
        return this;
    }

    public byte[] Bytes()
    {
        byte[] bytes = [.. _bytes];
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), (ushort)_records);
        return bytes;
    }
}
