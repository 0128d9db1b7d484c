using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Sockets;

/// <summary>
/// The connections that the kernel has seen in a network namespace, UDP's among them, and that it lets answers to in: CTNETLINK (netlink(7),
/// include/uapi/linux/netfilter/nfnetlink_conntrack.h; module nf_conntrack_netlink). Needs CAP_NET_ADMIN there.
/// </summary>
public static partial class ConnectionTable
{
    private const int Netfilter = 12;
    private const int HeaderLength = 16;
    private const int FamilyLength = 4;
    private const int AttributeHeader = 4;
    private const int LargestReply = 64 * 1024;

    // Of NFNL_SUBSYS_CTNETLINK (1): IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_NEW as its answers are, IPCTNL_MSG_CT_DELETE.
    private const ushort Get = 0x101;
    private const ushort Found = 0x100;
    private const ushort Delete = 0x102;
    private const ushort Error = 2;
    private const ushort Done = 3;

    // NLM_F_REQUEST with NLM_F_DUMP, and with NLM_F_ACK.
    private const ushort AskForAll = 0x301;
    private const ushort AskForReply = 0x5;

    private const ushort Nested = 0x8000;
    private const ushort TypeMask = 0x3FFF;
    private const ushort Original = 1;
    private const ushort Addresses = 1;
    private const ushort Id = 12;
    private const ushort Filter = 25;

    /// <summary>Forgets the connections that an address has opened: answers to them are nobody's from then on.</summary>
    /// <param name="at">The namespace's file.</param>
    /// <param name="opener">The address, of IPv4 or IPv6.</param>
    /// <returns>How many there were.</returns>
    /// <exception cref="KernelException">The kernel refused, or has no such interface.</exception>
    public static int Forget(string at, IPAddress opener)
    {
        ArgumentNullException.ThrowIfNull(opener);
        using SafeFileHandle socket = NetworkNamespace.OpenNetlink(at, Netfilter);
        byte[] buffer = new byte[LargestReply];
        byte family = (byte)(opener.AddressFamily == AddressFamily.InterNetworkV6 ? 10 : 2);
        int forgotten = 0;
        foreach (byte[] connection in List(socket, buffer, family, opener))
        {
            Send(socket, Message(Delete, AskForReply, family, connection));
            forgotten += Receive(socket, buffer).Select(m => ErrorIn(m.Span)).All(e => e == 0) ? 1 : 0;
        }

        return forgotten;
    }

    // What names each of them to the kernel.
    private static List<byte[]> List(SafeFileHandle socket, byte[] buffer, byte family, IPAddress opener)
    {
        // CTA_TUPLE_IP with CTA_IP_V4_SRC or CTA_IP_V6_SRC; CTA_FILTER_ORIG_FLAGS with the bit for the source (Linux 5.8). Others are told apart below.
        byte[] source = Attribute(Addresses | Nested, Attribute(Source(family), opener.GetAddressBytes()));
        Send(socket, Message(Get, AskForAll, family, [.. Attribute(Original | Nested, source), .. Attribute(Filter | Nested, Attribute(1, BitConverter.GetBytes(1)))]));
        List<byte[]> found = [];
        while (true)
        {
            foreach (ReadOnlyMemory<byte> message in Receive(socket, buffer))
            {
                switch (MemoryMarshal.Read<ushort>(message.Span[4..]))
                {
                    case Done:
                        return found;
                    case Error:
                        throw new KernelException("list the connections of", opener.ToString(), (Errno)ErrorIn(message.Span));
                    case Found:
                        if (NameOf(message[(HeaderLength + FamilyLength)..], family, opener) is byte[] name)
                        {
                            found.Add(name);
                        }

                        break;
                }
            }
        }
    }

    private static byte[]? NameOf(ReadOnlyMemory<byte> connection, byte family, IPAddress opener)
    {
        ReadOnlyMemory<byte> original = Find(connection, Original), id = Find(connection, Id);
        return Find(Find(original, Addresses), Source(family)).Span.SequenceEqual(opener.GetAddressBytes())
            ? [.. Attribute(Original | Nested, original.ToArray()), .. Attribute(Id, id.ToArray())]
            : null;
    }

    private static ushort Source(byte family) => (ushort)(family == 2 ? 1 : 3);

    private static byte[] Message(ushort type, ushort flags, byte family, byte[] attributes)
    {
        // struct nlmsghdr: length, type, flags, number, port; struct nfgenmsg: family, version, resource.
        byte[] message = new byte[HeaderLength + FamilyLength + attributes.Length];
        MemoryMarshal.Write(message, message.Length);
        MemoryMarshal.Write(message.AsSpan(4), type);
        MemoryMarshal.Write(message.AsSpan(6), flags);
        message[HeaderLength] = family;
        attributes.CopyTo(message, HeaderLength + FamilyLength);
        return message;
    }

    private static byte[] Attribute(int type, byte[] content)
    {
        byte[] attribute = new byte[Aligned(AttributeHeader + content.Length)];
        MemoryMarshal.Write(attribute, (ushort)(AttributeHeader + content.Length));
        MemoryMarshal.Write(attribute.AsSpan(2), (ushort)type);
        content.CopyTo(attribute, AttributeHeader);
        return attribute;
    }

    // Empty where there is none.
    private static ReadOnlyMemory<byte> Find(ReadOnlyMemory<byte> attributes, ushort type)
    {
        while (attributes.Length >= AttributeHeader)
        {
            int length = MemoryMarshal.Read<ushort>(attributes.Span);
            if (length < AttributeHeader || length > attributes.Length)
            {
                break;
            }

            if ((MemoryMarshal.Read<ushort>(attributes.Span[2..]) & TypeMask) == type)
            {
                return attributes[AttributeHeader..length];
            }

            attributes = attributes[Math.Min(Aligned(length), attributes.Length)..];
        }

        return default;
    }

    // struct nlmsgerr: the error number below zero, and what it is about.
    private static int ErrorIn(ReadOnlySpan<byte> message) => -MemoryMarshal.Read<int>(message[HeaderLength..]);

    private static int Aligned(int length) => (length + 3) & ~3;

    private static List<ReadOnlyMemory<byte>> Receive(SafeFileHandle socket, byte[] buffer)
    {
        nint count = Read(socket, buffer, (nuint)buffer.Length);
        if (count < 0)
        {
            throw KernelException.Last("receive from", "netfilter");
        }

        List<ReadOnlyMemory<byte>> messages = [];
        for (ReadOnlyMemory<byte> rest = buffer.AsMemory(0, (int)count); rest.Length >= HeaderLength + sizeof(int);)
        {
            int length = MemoryMarshal.Read<int>(rest.Span);
            if (length < HeaderLength + sizeof(int) || length > rest.Length)
            {
                break;
            }

            messages.Add(rest[..length]);
            rest = rest[Math.Min(Aligned(length), rest.Length)..];
        }

        return messages;
    }

    private static void Send(SafeFileHandle socket, byte[] message)
    {
        if (Write(socket, message, (nuint)message.Length) < 0)
        {
            throw KernelException.Last("send to", "netfilter");
        }
    }

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle file, [Out] byte[] buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle file, byte[] buffer, nuint size);
}
