using FsCheck;
using FsCheck.Fluent;
using Sleigh.Runtime.Reading;

namespace Sleigh.Runtime.Tests.Reading;

/// <summary>The rules against the programs themselves: what passes leaves a folder as it was, and what is refused is not refused for nothing.</summary>
public sealed class RealProgramTests
{
    private const int Runs = 100;

    private static readonly Gen<string> Scripts = Joined(
        14,
        "p", "d", "N", "b", "ba", ":a", "t", "n", "x", "=", "s/", "/", "/", "s,", ",", "y/", "[", "]", "^", "\\", "\\n", "\n", "\\\n", ";", ";", "{", "}", "a",
        "a\\\n", "i\\\n", "c ", " ", "w f", "e touch f", "w", "e", "W f", "g", "I", "M", "1", "$", "2,3", "!", "#", "r in.txt", "R in.txt", "[/]", "[^/]", "[[:a:]",
        "[.", "f", "&", "-", "~", "+", "0", "é", "s/a/b/", "s/x/y\\\nw f/", "/x/", "\\,x,", "s;a;w f;", "}s;w f;x;", "#c\\\n", "a t\\\nw f\n");

    private static readonly Gen<string[]> SedRuns = Gen.OneOf(
        Scripts.Select(script => new[] { script, "in.txt" }),
        Several(Gen.OneOf(Scripts.Select(s => s), Gen.Constant("p"))).Select(parts => (string[])[.. parts.SelectMany(p => new[] { "-e", p }), "in.txt"]),
        Several(Gen.Elements(
            "-n", "-e", "-i", "-E", "-s", "--", "in.txt", "p", "w f", "-f", "s.sed", "--expression=p", "--expression", "-ne", "-ni", "--in-place", "--exp", "-l", "-l5",
            "5", "-z", "-u", "--posix", "-", "--debug", "--file=s.sed", "-new f", "-I", "-iEn", "-b", "--in", "-a")));

    private static readonly Gen<string[]> FindRuns = Several(Gen.Elements(
        ".", "-name", "-exec", "-execdir", "touch", "f", ";", "+", "-delete", "-fprint", "-fprintf", "-fls", "--", "-type", "-o", "!", "(", ")", "-print", "-executable",
        "-ok", "-okdir", "-quit", "in.txt", "-ls", "-prune", "-print0", "-empty", "-D", "exec", "-P", "-L", "-fprint0", "--delete", "-newer", "-depth", "{}"));

    private static readonly Gen<string[]> GrepRuns = Several(Gen.Elements(
        "-n", "-e", "x", "in.txt", "--", "-f", "s.sed", "-r", ".", "-c", "-L", "-o", "--include=*.txt", "-z", "-A", "1", "-m", "--color=always", "-q", "-w", "-E", "-P"));

    [Theory]
    [InlineData("sed", "sed")]
    [InlineData("sed", "busybox sed")]
    [InlineData("find", "find")]
    [InlineData("find", "busybox find")]
    [InlineData("grep", "grep")]
    [InlineData("grep", "busybox grep")]
    public async Task What_passes_writes_nothing(string command, string program)
    {
        Gen<string[]> arguments = command switch { "sed" => SedRuns, "find" => FindRuns, _ => GrepRuns };
        string[][] passing =
        [
            .. Enumerable.Range(0, 1000).SelectMany(i => arguments.Sample(200, new Rnd((ulong)i + 77), 30))
                .Where(a => ReadCommands.FindRefused(command, a) is null).Take(Runs),
        ];
        Assert.Equal(Runs, passing.Length);
        using ProgramRuns runs = new();

        int[] writers = await runs.WritersAsync(program, passing);

        Assert.True(writers.Length == 0, string.Join("\n", writers.Select(i => string.Join('|', passing[i]))));
    }

    [Theory]
    [InlineData("sed", "sed", "w f|in.txt", "s/a/b/w f|in.txt", "e touch f|in.txt", "s/.*/touch f/e|in.txt", "-i|p|in.txt", "p|in.txt|--in-pl", "-ni|p|in.txt",
        "-f|s.sed|in.txt", "-e|p|-e|w f|in.txt", "W f|in.txt", "--fi=s.sed|in.txt", "p|in.txt|-e|w f", "-new f|in.txt", "#c\\\nw f|in.txt", ":a;w f|in.txt")]
    [InlineData("sed", "busybox sed", "w f|in.txt", "s/a/b/w f|in.txt", "-i|p|in.txt", "p|in.txt|-i", "-ni|p|in.txt", "-f|s.sed|in.txt", "b}s;w f;x;|in.txt",
        "--in-place|p|in.txt", "#c\\\nw f|in.txt")]
    [InlineData("find", "find", ".|-exec|touch|f|;", "--|.|-fprint|f", "-fls|f", "-execdir|touch|f|;", ".|-name|s.sed|-delete", ".|-fprintf|f|x", ".|-fprint0|f")]
    [InlineData("find", "busybox find", ".|-exec|touch|f|;", ".|-name|s.sed|-exec|rm|{}|;")]
    public async Task What_is_refused_would_have_written(string command, string program, params string[] samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        string[][] refused = [.. samples.Select(s => s.Split('|'))];
        using ProgramRuns runs = new();

        int[] writers = await runs.WritersAsync(program, refused);

        Assert.All(refused, a => Assert.NotNull(ReadCommands.FindRefused(command, a)));
        Assert.Equal(Enumerable.Range(0, refused.Length), writers);
    }

    private static Gen<string[]> Several(Gen<string> one) =>
        from count in Gen.Choose(1, 7)
        from several in Gen.ArrayOf(one, count)
        select several;

    private static Gen<string> Joined(int most, params string[] pieces) =>
        from count in Gen.Choose(1, most)
        from several in Gen.ArrayOf(Gen.Elements(pieces), count)
        select string.Concat(several);
}
