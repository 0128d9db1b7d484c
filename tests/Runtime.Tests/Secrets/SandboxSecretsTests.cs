using FsCheck;
using FsCheck.Fluent;
using Sleigh.Runtime.Secrets;

namespace Sleigh.Runtime.Tests.Secrets;

public sealed class SandboxSecretsTests
{
    [Fact]
    public void What_is_written_is_read_again_whatever_it_holds()
    {
        Dictionary<string, string> values = new() { ["A"] = "", ["B_1"] = "a=b\nc\td", ["_"] = "é漢😀", ["Z"] = new string('x', 60_000) };

        SandboxSecrets read = SandboxSecrets.Parse(new SandboxSecrets(values).ToBytes())!;

        Assert.Equal(values.OrderBy(v => v.Key, StringComparer.Ordinal), read.Values.OrderBy(v => v.Key, StringComparer.Ordinal));
        Assert.Equal(["A", "B_1", "Z", "_"], read.Names);
        Assert.Empty(SandboxSecrets.Parse(SandboxSecrets.None.ToBytes())!.Names);
    }

    [Fact]
    public void What_is_something_else_is_nothing() => Assert.All(
        (string[])["", "A", "A=b", "A=b\0", "=b\0\0", "A\0B=c\0\0", "A=b\0rest\0", "\0\0"], text => Assert.Null(SandboxSecrets.Parse(System.Text.Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void Bytes_of_any_kind_do_not_break_it() => Prop.ForAll<byte[]>(bytes => { _ = SandboxSecrets.Parse(bytes); }).QuickCheckThrowOnFailure();

    [Fact]
    public void Its_text_has_names_alone() =>
        Assert.Equal("A, B", new SandboxSecrets(new Dictionary<string, string> { ["B"] = "hush", ["A"] = "hush" }).ToString());
}
