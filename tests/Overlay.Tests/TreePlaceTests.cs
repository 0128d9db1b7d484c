using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

/// <summary>What a refusal of the kernel says of a tree, and what it does not.</summary>
public sealed class TreePlaceTests : IDisposable
{
    private const OpenFlags PathOnly = OpenFlags.PathOnly | OpenFlags.NoFollow;

    private readonly string _folder = Directory.CreateTempSubdirectory("sl-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_not_there_is_nothing_and_what_cannot_be_opened_is_an_error()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), _folder);
        using SafeFileHandle root = Files.Open(_folder, OpenFlags.PathOnly | OpenFlags.Directory);

        foreach (string path in (string[])["gone", "gone/below", "file/below", "link/file", new string('n', 300)])
        {
            Assert.Null(TreePlace.TryOpenBelow(root, path, PathOnly));
        }

        using SafeFileHandle? file = TreePlace.TryOpenBelow(root, "file", PathOnly);
        using SafeFileHandle? self = TreePlace.TryOpenBelow(root, default, PathOnly);
        Assert.True(file is not null && self is not null);

        TreeFileException refused = Assert.Throws<TreeFileException>(() => TreePlace.TryOpenBelow(root, string.Concat(Enumerable.Repeat("d/", 2048)) + "file", PathOnly));
        Assert.Equal(TreeFailure.NotAllowed, refused.Failure);
        Assert.EndsWith("it is 4100 bytes long, and the kernel opens at most 4095", refused.Message, StringComparison.Ordinal);

        // A name that leads out is no name of the tree; the kernel says EXDEV.
        Assert.Equal(Errno.EXDEV, Assert.Throws<KernelException>(() => TreePlace.TryOpenBelow(root, "..", PathOnly)).Errno);
    }
}
