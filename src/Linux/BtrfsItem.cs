namespace Sleigh.Linux;

/// <summary>The key of an item of a btrfs tree (struct btrfs_disk_key); items are in the order of object, type, offset.</summary>
internal readonly record struct BtrfsKey(ulong Object, uint Type, ulong Offset) : IComparable<BtrfsKey>
{
    /// <inheritdoc/>
    public int CompareTo(BtrfsKey other) => (Object, Type, Offset).CompareTo((other.Object, other.Type, other.Offset));

    /// <summary>The next key there can be; null behind the last. A type is one byte.</summary>
    public BtrfsKey? Next() =>
        Offset < ulong.MaxValue ? this with { Offset = Offset + 1 }
        : Type < byte.MaxValue ? new BtrfsKey(Object, Type + 1, 0)
        : Object < ulong.MaxValue ? new BtrfsKey(Object + 1, 0, 0)
        : null;
}

/// <summary>An item: its key and what it holds.</summary>
internal readonly ref struct BtrfsItem(BtrfsKey key, ReadOnlySpan<byte> data)
{
    public BtrfsKey Key { get; } = key;

    public ReadOnlySpan<byte> Data { get; } = data;
}

/// <summary>A range of items.</summary>
/// <param name="First">From here on.</param>
/// <param name="Last">Up to here.</param>
/// <param name="Oldest">Blocks whose transaction is lower are passed over.</param>
/// <param name="Tree">The tree; 0: that of the subvolume.</param>
internal readonly record struct BtrfsItems(BtrfsKey First, BtrfsKey Last, ulong Oldest = 0, ulong Tree = 0);
