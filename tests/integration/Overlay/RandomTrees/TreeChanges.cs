using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay.RandomTrees;

/// <summary>
/// Changes of a tree at random, by every call that changes files: what the processes of a sandbox may do, and some of it
/// through files that they keep open. Each is told to a log.
/// </summary>
/// <param name="path">Where the tree is.</param>
/// <param name="name">How the log calls it.</param>
/// <param name="isOverlay">Whether it is a sandbox's tree; false: the directory of an image, in which whiteouts would mean nothing.</param>
/// <param name="random">Decides.</param>
/// <param name="log">Is told each change.</param>
internal sealed partial class TreeChanges(string path, string name, bool isOverlay, Random random, Action<string> log) : IDisposable
{
    private const uint NoOwner = uint.MaxValue;

    private static readonly long[] Sizes = [0, 1, 100, 4095, 4096, 5000, 70_000, (1L << 31) + 5, 5L << 30];

    private readonly SafeFileHandle _root = Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory);
    private readonly List<HeldFile> _held = [];
    private RandomPlaces? _places;

    private RandomPlaces Places => _places ??= new RandomPlaces(_root, random);

    /// <summary>Makes so many changes; some are refused by the kernel for what they are.</summary>
    public void Make(int count)
    {
        for (int i = 0; i < count; i++)
        {
            string what = "";
            try
            {
                One(ref what);
                Tell(what);
            }
            catch (KernelException ex) when (Tell($"{what}: {ex.Errno}") && IsFair(ex.Errno))
            {
                // There are as many refusals in a sandbox.
            }
        }
    }

    public void Dispose()
    {
        _held.ForEach(held => held.Dispose());
        _root.Dispose();
    }

    private bool Tell(string what)
    {
        if (what.Length > 0)
        {
            log($"{name}: {what}");
        }

        return true;
    }

    // Not EXDEV without a reason, EIO, ESTALE, EUCLEAN, EROFS, ENOSPC: those would be ours.
    private static bool IsFair(Errno errno) => errno is Errno.ENOENT or Errno.EEXIST or Errno.ENOTDIR or Errno.EISDIR or Errno.ENOTEMPTY
        or Errno.EINVAL or Errno.EBUSY or Errno.ELOOP or Errno.EPERM or Errno.ENODATA or Errno.EOPNOTSUPP or Errno.ENAMETOOLONG;

    private void One(ref string what)
    {
        switch (random.Next(36))
        {
            case < 6:
                Write(ref what);
                break;
            case < 9:
                Resize(ref what);
                break;
            case < 11:
                Hold(ref what);
                break;
            case < 13:
                _ = _held.Count == 0 || _held[random.Next(_held.Count)].Store(random, ref what);
                break;
            case < 16:
                MakeDirectories(ref what);
                break;
            case < 18:
                Remove(ref what);
                break;
            case < 20:
                Replace(ref what);
                break;
            case < 24:
                Rename(ref what);
                break;
            case < 27:
                Link(ref what);
                break;
            case < 29:
                MakeSymbolicLink(ref what);
                break;
            case < 31:
                MakeNode(ref what);
                break;
            case < 34:
                ChangeStatus(ref what);
                break;
            default:
                ChangeAttribute(ref what);
                break;
        }
    }

    private void Write(ref string what)
    {
        TreePlace place = random.Next(2) == 0 ? Places.New() : Places.Existing(type => type == FileType.Regular) ?? Places.New();
        bool isCut = random.Next(2) == 0;
        long offset = random.Next(3) == 0 ? Sizes[random.Next(Sizes.Length)] : 0;
        what = $"write {place} {(isCut ? "anew" : "in place")} at {offset}";
        if (place.Type is FileType.Regular or FileType.Unknown)
        {
            using SafeFileHandle file = Files.Open(
                _root, place.Path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.NoFollow | (isCut ? OpenFlags.Truncate : OpenFlags.ReadOnly), 0x1B6);
            RandomAccess.Write(file, Content(), isCut || random.Next(2) == 0 ? offset : RandomAccess.GetLength(file));
        }
        else if (place.Type == FileType.Directory && random.Next(2) == 0)
        {
            // A file that has no name at first.
            KernelPath to = place.Path.Join(Places.Name());
            what = $"link an unnamed file as '{TreeManifest.Show(to)}'";
            using SafeFileHandle file = Files.Open(_root, place.Path, OpenFlags.ReadWrite | OpenFlags.Unnamed, 0x180);
            RandomAccess.Write(file, Content(), 0);
            Files.LinkOpen(file, _root, to);
        }
    }

    private void Resize(ref string what)
    {
        if (Places.Existing(type => type == FileType.Regular) is not { } place)
        {
            return;
        }

        using SafeFileHandle file = Files.Open(_root, place.Path, OpenFlags.ReadWrite | OpenFlags.NoFollow);
        long size = Sizes[random.Next(Sizes.Length)];
        int how = random.Next(5);
        (int mode, long at, long length) = (how == 1 ? 0 : how == 2 ? SparseFile.KeepSize : how == 3 ? SparseFile.KeepSize | SparseFile.PunchHole : SparseFile.ZeroRange,
            random.Next(20_000), 1 + random.Next(50_000));
        what = how == 0 ? $"cut {place} to {size}" : $"allocate({mode}, {at}, {length}) in {place}";
        if (how == 0)
        {
            RandomAccess.SetLength(file, size);
        }
        else
        {
            SparseFile.Allocate(file, mode, at, length);
        }
    }

    private void Hold(ref string what)
    {
        if (_held.Count < 3 && Places.Existing(type => type == FileType.Regular) is { } place)
        {
            what = $"open {place} and keep it";
            _held.Add(new HeldFile(Files.Open(_root, place.Path, OpenFlags.ReadWrite | OpenFlags.NoFollow), $"{place}"));
        }
    }

    private void MakeDirectories(ref string what)
    {
        KernelPath directory = Places.Directory();
        for (int i = random.Next(4); i >= 0; i--)
        {
            directory = directory.Join(Places.Name());
            what = $"make directory '{TreeManifest.Show(directory)}'";
            Files.MakeDirectory(_root, directory, random.Next(8) == 0 ? 0 : 0x1FF);
        }
    }

    private void Remove(ref string what)
    {
        if (Places.Existing() is { } place)
        {
            what = $"remove {place}";
            RandomChanges.Remove(_root, place.Path);
        }
    }

    // Of an image's directory this leaves an opaque one.
    private void Replace(ref string what)
    {
        if (Places.Existing() is not { } place)
        {
            return;
        }

        bool isDirectory = random.Next(3) != 0;
        what = $"replace {place} by a {(isDirectory ? "directory" : "file")}";
        RandomChanges.Remove(_root, place.Path);
        if (isDirectory)
        {
            Files.MakeDirectory(_root, place.Path, 0x1ED);
        }

        using SafeFileHandle file = Files.Open(
            _root, isDirectory ? place.Path.Join(Places.Name()) : place.Path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.NoFollow, 0x1A4);
        RandomAccess.Write(file, Content(), 0);
    }

    private int _longestMoved;

    private void Rename(ref string what)
    {
        TreePlace? from = random.Next(2) == 0 ? Places.Existing(type => type == FileType.Directory) : Places.Existing();
        if (from is not { } source)
        {
            return;
        }

        TreePlace target = Places.Any();
        _longestMoved = Math.Max(_longestMoved, Math.Max(source.Path.Bytes.Length, target.Path.Bytes.Length));
        bool isExchange = random.Next(4) == 0;
        what = $"{(isExchange ? "exchange" : "rename")} {source} {(isExchange ? "with" : "to")} {target}";
        try
        {
            if (isExchange)
            {
                Exchange(_root, source.Path, target.Path);
            }
            else
            {
                Files.Rename(_root, source.Path, _root, target.Path);
            }
        }
        catch (KernelException ex) when (ex.Errno == Errno.EXDEV && _longestMoved > 250)
        {
            // OVL_REDIRECT_MAX is 256 bytes: an image's directory behind a longer path is copied by whoever moves it. What was moved from such a path keeps it in its redirect.
            what += ": EXDEV";
        }
    }

    private void Link(ref string what)
    {
        if (Places.Existing(type => type != FileType.Directory) is { } source)
        {
            TreePlace target = Places.New();
            what = $"link {source} as {target}";
            Files.Link(_root, source.Path, _root, target.Path);
        }
    }

    private void MakeSymbolicLink(ref string what)
    {
        TreePlace place = Places.New();
        KernelPath target = random.Next(5) switch
        {
            0 => "/proc/self/root",
            1 => "nowhere/at/all",
            2 => KernelPath.FromString(new string('l', 4095)),
            3 => KernelPath.FromBytes([0xFF, 0x0A, 0x20]),
            _ => Places.Existing()?.Path ?? ".",
        };
        what = $"link {place} to a name of {target.Bytes.Length} bytes";
        Files.MakeSymbolicLink(_root, place.Path, target);
    }

    private void MakeNode(ref string what)
    {
        TreePlace place = Places.New();
        (FileType type, ulong device) = random.Next(5) switch
        {
            0 => (FileType.Fifo, 0UL),
            1 => (FileType.CharacterDevice, Files.DeviceNumber(1, 3)),
            2 => (FileType.BlockDevice, Files.DeviceNumber(7, 200)),
            3 => (FileType.Socket, 0UL),
            _ => (FileType.CharacterDevice, 0UL),
        };
        what = $"make {type} {device:x} {place}";
        if (type != FileType.CharacterDevice || device != 0)
        {
            Files.MakeNode(_root, place.Path, type, 0x1A4, device);
        }
        else if (isOverlay && place.Type == FileType.Unknown)
        {
            // What a layer says "deleted" with cannot be made by hand: ovl_mknod, since Linux 3.18.
            KernelException refused = Assert.Throws<KernelException>(() => Files.MakeNode(_root, place.Path, type, 0x1A4, device));
            Assert.Equal(Errno.EPERM, refused.Errno);
            what += ": refused";
        }
    }

    private void ChangeStatus(ref string what)
    {
        TreePlace place = Places.Existing() ?? new TreePlace(".", FileType.Directory);
        switch (random.Next(3))
        {
            case 0 when place.Type != FileType.SymbolicLink: // fchmodat(2) would follow it, out of the tree
                int mode = random.Next(0x1000);
                what = $"change the mode of {place} to {Convert.ToString(mode, 8)}";
                Files.SetMode(_root, place.Path, mode);
                break;
            case 1:
                uint owner = (uint)random.Next(3) * 1_500_000_000;
                what = $"change the owner of {place} to {owner}";
                Files.SetOwner(_root, place.Path, owner, random.Next(2) == 0 ? NoOwner : owner + 1);
                break;
            default:
                var time = new FileTime(random.NextInt64(-2_000_000_000, 8_000_000_000), (uint)random.Next(1_000_000_000));
                what = $"set the times of {place} to {time}";
                Files.SetTimes(_root, place.Path, time, time);
                break;
        }
    }

    private void ChangeAttribute(ref string what)
    {
        if (Places.Existing() is not { } place)
        {
            return;
        }

        IReadOnlyList<string> present = ExtendedAttributes.List(_root, place.Path);
        if (present.Count > 0 && random.Next(4) == 0)
        {
            string gone = present.Order(StringComparer.Ordinal).ElementAt(random.Next(present.Count));
            what = $"take {gone} off {place}";
            ExtendedAttributes.Remove(_root, place.Path, gone);
            return;
        }

        (string attribute, byte[] value) = random.Next(6) switch
        {
            0 => ("user.note", new byte[random.Next(300)]),
            1 => ("user.empty", []),
            2 => ("trusted.own", [1, 2, 3, 0xFF]),
            3 => ("security.capability", Capability),
            4 => ("system.posix_acl_access", AccessList((ushort)random.Next(8))),
            _ => (place.Type == FileType.Directory ? "system.posix_acl_default" : "trusted.other", AccessList((ushort)random.Next(8))),
        };
        what = $"put {attribute} on {place}";
        ExtendedAttributes.Set(_root, place.Path, attribute, value);
    }

    // Lengths and contents that come again: files that look the same are frequent.
    private byte[] Content()
    {
        byte[] content = new byte[random.Next(4) switch { 0 => 0, 1 => 3, 2 => random.Next(6000), _ => random.Next(2) * 70_000 }];
        Array.Fill(content, (byte)('0' + random.Next(3)));
        if (content.Length > 0 && random.Next(4) == 0)
        {
            content[random.Next(content.Length)] = (byte)random.Next(256);
        }

        return content;
    }

    // vfs_cap_data of version 2, effective: CAP_NET_RAW permitted.
    private static byte[] Capability { get; } = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    // posix_acl_xattr: version 2, then entries of tag, permissions and id.
    private static byte[] AccessList(ushort group)
    {
        byte[] list = new byte[4 + (5 * 8)];
        BinaryPrimitives.WriteUInt32LittleEndian(list, 2);
        (ushort Tag, ushort Permissions, uint Id)[] entries =
            [(1, 6, NoOwner), (2, 4, 1000), (4, group, NoOwner), (16, 7, NoOwner), (32, 1, NoOwner)];
        for (int i = 0; i < entries.Length; i++)
        {
            Span<byte> entry = list.AsSpan(4 + (8 * i), 8);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], entries[i].Permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[i].Id);
        }

        return list;
    }
}
