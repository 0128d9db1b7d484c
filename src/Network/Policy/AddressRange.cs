using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sleigh.Network;

/// <summary>Addresses of one family from the first to the last.</summary>
internal readonly record struct AddressRange(UInt128 First, UInt128 Last, bool IsSix)
{
    public static AddressRange Of(IPNetwork network)
    {
        bool isSix = network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;
        int free = (isSix ? 128 : 32) - network.PrefixLength;
        UInt128 first = Number(network.BaseAddress);
        UInt128 rest = free == 128 ? UInt128.MaxValue : (UInt128.One << free) - 1;
        return new AddressRange(first, first | rest, isSix);
    }

    /// <summary>The same addresses in ranges that neither overlap nor touch: nft refuses sets whose elements overlap.</summary>
    public static IReadOnlyList<AddressRange> Merge(IEnumerable<IPNetwork> networks)
    {
        List<AddressRange> merged = [];
        foreach (AddressRange range in networks.Select(Of).OrderBy(r => r.IsSix).ThenBy(r => r.First))
        {
            if (merged.Count > 0 && merged[^1] is AddressRange before && before.IsSix == range.IsSix
                && (before.Last == UInt128.MaxValue || range.First <= before.Last + 1))
            {
                merged[^1] = before with { Last = UInt128.Max(before.Last, range.Last) };
            }
            else
            {
                merged.Add(range);
            }
        }

        return merged;
    }

    public IPAddress FirstAddress => Address(First);

    public IPAddress LastAddress => Address(Last);

    private static UInt128 Number(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        return bytes.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private IPAddress Address(UInt128 number)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new IPAddress(IsSix ? bytes : bytes[12..]);
    }
}
