using System.Formats.Tar;
using System.Text;
using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

/// <summary>What goes into archives of whole trees and layers only.</summary>
public sealed class TarWritingTests
{
    [Fact]
    public async Task Nodes_and_extended_attributes_are_read_by_another_reader()
    {
        byte[] archive = await WriteAsync(
        [
            new TarMember { Kind = TarKind.Special, Name = "pipe", Node = FileType.Fifo, Mode = 0x1A0 },
            new TarMember { Kind = TarKind.Special, Name = "null", Node = FileType.CharacterDevice, Device = Files.DeviceNumber(1, 3) },
            new TarMember { Kind = TarKind.Special, Name = "disk", Node = FileType.BlockDevice, Device = Files.DeviceNumber(259, 70_000) },
            new TarMember
            {
                Kind = TarKind.Directory, Name = "d/",
                Attributes = [new("security.capability", [1, 0, 0, 2]), new("user.ünï", "a=b\n"u8.ToArray()), new("user.empty", [])],
            },
        ]);

        using var reader = new TarReader(new MemoryStream(archive));
        Assert.Equal((TarEntryType.Fifo, (UnixFileMode)0x1A0), reader.GetNextEntry() is { } pipe ? (pipe.EntryType, pipe.Mode) : default);
        Assert.Equal((1, 3), reader.GetNextEntry() is PosixTarEntry { EntryType: TarEntryType.CharacterDevice } c ? (c.DeviceMajor, c.DeviceMinor) : default);
        Assert.Equal((259, 70_000), reader.GetNextEntry() is PosixTarEntry { EntryType: TarEntryType.BlockDevice } b ? (b.DeviceMajor, b.DeviceMinor) : default);
        string text = Encoding.Latin1.GetString(archive);
        Assert.Contains("36 SCHILY.xattr.security.capability=\u0001\0\0\u0002\n".Replace("36", Length("SCHILY.xattr.security.capability", 4), StringComparison.Ordinal), text, StringComparison.Ordinal);
        Assert.Contains($"{Length("SCHILY.xattr.user.ünï", 4)} SCHILY.xattr.user.{Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("ünï"))}=a=b\n\n", text, StringComparison.Ordinal);
        Assert.Contains($"{Length("SCHILY.xattr.user.empty", 0)} SCHILY.xattr.user.empty=\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0u, 0u)]
    [InlineData(1u, 3u)]
    [InlineData(0xfffu, 0xffu)]
    [InlineData(0x12345u, 0x6789abu)]
    public void A_device_number_falls_into_the_parts_it_was_made_of(uint major, uint minor) =>
        Assert.Equal((major, minor), Files.DeviceParts(Files.DeviceNumber(major, minor)));

    [Fact]
    public void The_marks_of_a_layer_are_empty_files_beside_what_they_are_about()
    {
        Assert.Equal(("a/.wh.b", 0L), (LayerMarks.Deleted("a", "b").Name.ToString(), LayerMarks.Deleted("a", "b").Size));
        Assert.Equal(".wh.b", LayerMarks.Deleted(default, "b").Name.ToString());
        Assert.Equal("a/b/.wh..wh..opq", LayerMarks.Opaque("a/b").Name.ToString());
        Assert.Equal([0x2e, 0x77, 0x68, 0x2e, 0xff], LayerMarks.Deleted(default, KernelPath.FromBytes([0xff])).Name.Bytes.ToArray());
    }

    [Theory]
    [InlineData("a/.wh.b", false)]
    [InlineData(".wh.", false)]
    [InlineData("a.wh.b", true)]
    [InlineData(".wh.a/b", true)]
    [InlineData(".", true)]
    public void A_name_that_means_a_deletion_is_refused_in_a_layer_only(string name, bool isFine)
    {
        TreeContent.Everything.Check(name);
        if (isFine)
        {
            TreeContent.Layer.Check(name);
            return;
        }

        TreeFileException refused = Assert.Throws<TreeFileException>(() => TreeContent.Layer.Check(name));
        Assert.Equal(TreeFailure.NotAllowed, refused.Failure);
        Assert.StartsWith($"path /{name} is not allowed: in a layer of an image, names that begin with .wh. mean deletions", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user.note", true)]
    [InlineData("security.capability", true)]
    [InlineData("system.posix_acl_access", true)]
    [InlineData("trusted.own", true)]
    [InlineData("trusted.overlay.opaque", false)]
    [InlineData("security.selinux", false)]
    [InlineData("user.a=b", false)]
    public void Attributes_of_the_overlay_and_of_this_host_stay_here(string attribute, bool isCarried) =>
        Assert.Equal(isCarried, TreeContents.IsCarried(attribute));

    private static string Length(string key, int value)
    {
        int rest = Encoding.UTF8.GetByteCount(key) + value + 3;
        int length = rest + rest.ToString().Length;
        return (rest + length.ToString().Length).ToString();
    }

    private static async Task<byte[]> WriteAsync(IEnumerable<TarMember> members)
    {
        using var stream = new MemoryStream();
        var output = new TarOutput(stream, default);
        foreach (TarMember member in members)
        {
            await output.MemberAsync(member);
        }

        await output.EndAsync();
        return stream.ToArray();
    }
}
