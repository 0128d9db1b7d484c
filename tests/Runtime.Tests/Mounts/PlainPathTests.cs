namespace Sleigh.Runtime.Tests.Mounts;

public sealed class PlainPathTests
{
    [Theory]
    [InlineData(".", "")]
    [InlineData("/", "")]
    [InlineData("", "")]
    [InlineData("/genome", "genome")]
    [InlineData("a//b/./c/", "a/b/c")]
    [InlineData("a/../b", "b")]
    [InlineData("a/..", "")]
    [InlineData(" a ", " a ")]
    [InlineData("...", "...")]
    public void A_path_below_a_root_is_cleaned(string text, string path) => Assert.Equal(path, PlainPath.Below(text));

    [Theory]
    [InlineData("..")]
    [InlineData("/..")]
    [InlineData("a/../..")]
    [InlineData("a/../../a")]
    [InlineData("a\0b")]
    public void One_that_leads_above_it_is_none(string text) => Assert.Null(PlainPath.Below(text));

    [Theory]
    [InlineData("/", "/")]
    [InlineData("//a/./b/", "/a/b")]
    [InlineData("/a/../../b", "/b")]
    [InlineData("/..", "/")]
    public void An_absolute_path_is_cleaned_and_stays_at_the_root(string text, string path) => Assert.Equal(path, PlainPath.Absolute(text));

    [Theory]
    [InlineData("/proc", true)]
    [InlineData("/dev/shm/x", true)]
    [InlineData("/sys", true)]
    [InlineData("/devel", false)]
    [InlineData("/", false)]
    [InlineData("/a/dev", false)]
    public void Whole_parts_make_a_path_the_kernels(string path, bool isKernels) => Assert.Equal(isKernels, PlainPath.IsKernels(path));
}
