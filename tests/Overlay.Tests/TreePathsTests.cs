using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

public sealed class TreePathsTests
{
    [Theory]
    [InlineData("/", "")]
    [InlineData("/etc/hosts", "etc|hosts")]
    [InlineData("//etc///hosts/", "etc|hosts")]
    public void A_plain_absolute_path_has_parts(string path, string parts) =>
        Assert.Equal(parts, string.Join('|', TreePaths.Parts(path)));

    [Theory]
    [InlineData("")]
    [InlineData("etc")]
    [InlineData("/etc/../x")]
    [InlineData("/./x")]
    [InlineData("/a\0b")]
    public void Anything_else_is_refused(string path) => Assert.Throws<ArgumentException>(() => TreePaths.Parts(path));

    [Fact]
    public void A_container_with_a_shared_mount_is_refused_by_its_mountinfo()
    {
        SlotNamespaces.RefuseShared(1, MountInfo.Parse("1 2 0:1 / / rw master:3 - overlay x rw"));

        var error = Assert.Throws<SharedMountsException>(() => SlotNamespaces.RefuseShared(
            12, MountInfo.Parse("1 2 0:1 / / rw - overlay x rw\n3 1 0:5 / /dev\\040x rw shared:9 - tmpfs t rw\n")));

        Assert.Equal(
            "process 12 has shared mounts ('/dev x'); its rootfsPropagation must be private or slave", error.Message);
    }
}
