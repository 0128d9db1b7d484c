using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

public sealed class SandboxFilePathTests
{
    [Theory]
    [InlineData("/app/main.py", "/app/main.py", "main.py", "/app")]
    [InlineData("//app/./x/../main.py/", "/app/main.py", "main.py", "/app")]
    [InlineData("/../../a", "/a", "a", "/")]
    [InlineData("/devel/x", "/devel/x", "x", "/devel")]
    [InlineData("/procs", "/procs", "procs", "/")]
    [InlineData("/home/dev", "/home/dev", "dev", "/home")]
    [InlineData("/a/ b ", "/a/ b ", " b ", "/a")]
    public void A_path_is_cleaned(string sent, string cleaned, string name, string directory)
    {
        Assert.True(SandboxFilePath.TryParse(sent, out SandboxFilePath? path, out _));

        Assert.Equal((cleaned, name, directory), (path.Text, path.Name, path.Directory));
    }

    [Theory]
    [InlineData(null, "sandbox_path is required")]
    [InlineData("", "sandbox_path is required")]
    [InlineData("  ", "sandbox_path is required")]
    [InlineData("main.py", "sandbox_path must be an absolute file path inside sandbox")]
    [InlineData("/a\0b", "sandbox_path must be an absolute file path inside sandbox")]
    [InlineData("/", "sandbox_path cannot be root")]
    [InlineData("/a/..", "sandbox_path cannot be root")]
    [InlineData("/proc", "sandbox_path is not writable")]
    [InlineData("/dev/shm/x", "sandbox_path is not writable")]
    [InlineData("/a/../sys/x", "sandbox_path is not writable")]
    public void What_breaks_a_rule_is_told_the_rule(string? sent, string rule)
    {
        Assert.False(SandboxFilePath.TryParse(sent, out _, out string? told));

        Assert.Equal(rule, told);
    }

    [Fact]
    public void A_path_is_at_most_4095_bytes_long()
    {
        Assert.True(SandboxFilePath.TryParse("/" + new string('é', 2047), out _, out _));
        Assert.False(SandboxFilePath.TryParse("/" + new string('é', 2048), out _, out string? rule));
        Assert.Equal("sandbox_path must be an absolute file path inside sandbox", rule);
    }

    [Fact]
    public void Directories_go_up_to_the_root() => Assert.Equal(["/a/b", "/a", "/"], SandboxFilePath.UpFrom("/a/b"));
}
