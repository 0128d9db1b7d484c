using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay.RandomTrees;

/// <summary>A name in a tree and what is there; <see cref="FileType.Unknown"/>: nothing yet.</summary>
internal readonly record struct TreePlace(KernelPath Path, FileType Type)
{
    /// <inheritdoc/>
    public override string ToString() => $"'{TreeManifest.Show(Path)}'";
}

/// <summary>Names in a tree, at random: the same for the same tree and numbers, on every filesystem.</summary>
internal sealed class RandomPlaces(SafeFileHandle root, Random random)
{
    private static readonly KernelPath[] Names =
    [
        "a", "b", "keep", "etc", "a b", "a.b", "-rf", ".hidden", ".wh.a", ".wh..wh..opq", "new\nline", "Ünïcode", "*", "\t",
        KernelPath.FromBytes([0xFF, 0xFE]), KernelPath.FromBytes([0x63, 0xC3]), new string('n', 255),
    ];

    /// <summary>Something that is there, down to any depth; null in an empty tree.</summary>
    public TreePlace? Existing(Func<FileType, bool>? isWanted = null)
    {
        // The walk may end in a corner without anything of the kind.
        for (int i = 0; i < 4; i++)
        {
            if (Walk() is { } found && isWanted?.Invoke(found.Type) != false)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>A directory; empty for the top.</summary>
    public KernelPath Directory() => random.Next(4) == 0 ? default : Existing(type => type == FileType.Directory)?.Path ?? default;

    /// <summary>A name in some directory, where something may be.</summary>
    public TreePlace New()
    {
        KernelPath path = Directory().Join(Name());
        return new TreePlace(path, Files.TryStat(root, path, out _)?.Type ?? FileType.Unknown);
    }

    /// <summary>One of the two.</summary>
    public TreePlace Any() => random.Next(3) == 0 ? New() : Existing() ?? New();

    /// <summary>A name, often the same.</summary>
    public KernelPath Name() => Names[Math.Min(random.Next(Names.Length), random.Next(Names.Length))];

    private TreePlace? Walk()
    {
        KernelPath path = default;
        TreePlace? found = null;
        while (found is null || (found.Value.Type == FileType.Directory && random.Next(3) != 0))
        {
            using SafeFileHandle directory = Files.Open(root, path.IsEmpty ? "." : path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
            DirectoryEntry[] entries = [.. Files.ReadDirectory(directory)];
            if (entries.Length == 0)
            {
                break;
            }

            Array.Sort(entries, (a, b) => a.Name.Bytes.SequenceCompareTo(b.Name.Bytes));
            KernelPath name = entries[random.Next(entries.Length)].Name;
            path = path.Join(name);
            found = new TreePlace(path, Files.Stat(root, path).Type);
        }

        return found;
    }
}
