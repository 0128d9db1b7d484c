using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Changes of a tree at random, by what processes of a sandbox do: many of them meet what others have made.</summary>
internal static class RandomChanges
{
    private static readonly KernelPath[] Names = ["a", "a-b", "a.b", "b", "keep", "deep", "rename", KernelPath.FromBytes([0x63, 0xFF]), "1", "x"];

    public static void Make(string tree, Random random, int count)
    {
        using SafeFileHandle root = Files.Open(tree, OpenFlags.ReadOnly | OpenFlags.Directory);
        for (int i = 0; i < count; i++)
        {
            try
            {
                One(root, random);
            }
            catch (KernelException e) when (e.Errno is Errno.ENOENT or Errno.EEXIST or Errno.ENOTDIR or Errno.EISDIR or Errno.ENOTEMPTY or Errno.EINVAL or Errno.EBUSY or Errno.ELOOP or Errno.EPERM)
            {
                i -= random.Next(2); // what was not possible counts half
            }
        }
    }

    private static void One(SafeFileHandle root, Random random)
    {
        KernelPath path = Path(random);
        KernelPath other = Path(random);
        switch (random.Next(13))
        {
            case 0 or 1:
                Write(root, path, random, OpenFlags.Create);
                break;
            case 2:
                Write(root, path, random, OpenFlags.Create | OpenFlags.Truncate);
                break;
            case 3:
                Files.MakeDirectory(root, path, 0x1ED);
                break;
            case 4:
                Files.Unlink(root, path);
                break;
            case 5:
                Remove(root, path);
                break;
            case 6:
                Remove(root, path);
                Files.MakeDirectory(root, path, 0x1ED);
                break;
            case 7 or 8:
                Files.Rename(root, path, root, other);
                break;
            case 12:
                Swap(root, path, other);
                break;
            case 9:
                Files.MakeSymbolicLink(root, path, random.Next(2) == 0 ? "here" : "there");
                break;
            case 10:
                Files.SetOwner(root, path, (uint)random.Next(2), 0);
                break;
            default:
                Files.Link(root, path, root, other);
                break;
        }
    }

    private static void Swap(SafeFileHandle root, KernelPath path, KernelPath other)
    {
        KernelPath aside = KernelPath.FromString("aside");
        Files.Rename(root, path, root, aside);
        Files.Rename(root, other, root, path);
        Files.Rename(root, aside, root, other);
    }

    private static KernelPath Path(Random random)
    {
        KernelPath path = default;
        for (int i = random.Next(3); i >= 0; i--)
        {
            path = path.Join(Names[random.Next(Names.Length)]);
        }

        return path;
    }

    // Few sizes and few contents: files that are the same again, and others of the same size, are frequent.
    private static void Write(SafeFileHandle root, KernelPath path, Random random, OpenFlags flags)
    {
        using SafeFileHandle file = Files.Open(root, path, OpenFlags.WriteOnly | OpenFlags.NonBlocking | OpenFlags.NoFollow | flags, 0x1A4);
        byte[] content = new byte[random.Next(3) * 3];
        Array.Fill(content, (byte)('0' + random.Next(2)));
        RandomAccess.Write(file, content, 0);
    }

    /// <summary>Removes whatever it is, with all it holds.</summary>
    public static void Remove(SafeFileHandle root, KernelPath path)
    {
        if (Files.Stat(root, path).Type != FileType.Directory)
        {
            Files.Unlink(root, path);
            return;
        }

        using (SafeFileHandle directory = Files.Open(root, path, OpenFlags.ReadOnly | OpenFlags.Directory))
        {
            foreach (DirectoryEntry entry in Files.ReadDirectory(directory))
            {
                Remove(directory, entry.Name);
            }
        }

        Files.RemoveDirectory(root, path);
    }
}
