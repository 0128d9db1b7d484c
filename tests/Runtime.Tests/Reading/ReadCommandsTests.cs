using Sleigh.Runtime.Reading;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Reading;

/// <summary>The table of endpoint 24. Arguments are written with a blank between them; ␣ stands for a blank inside one, ⏎ for a line feed.</summary>
public sealed class ReadCommandsTests
{
    [Theory]
    [InlineData("sort")]
    [InlineData("sh")]
    [InlineData("CAT")]
    [InlineData("/bin/cat")]
    [InlineData("awk")]
    [InlineData("")]
    public void What_is_no_read_command_is_refused_with_the_list(string command)
    {
        RuntimeException refused = Assert.Throws<RuntimeException>(() => ReadCommands.Check(command, []));

        Assert.Equal((ErrorKind.UnsupportedReadCommand, "unsupported read command"), (refused.Kind, refused.Message));
        Assert.Equal(
            ["cat", "sed", "head", "tail", "ls", "tree", "grep", "rg", "find", "fd", "wc", "stat"], (IReadOnlyList<string>)refused.Details["allowed"]);
    }

    [Fact]
    public void A_refusal_names_command_and_argument()
    {
        RuntimeException refused = Assert.Throws<RuntimeException>(() => ReadCommands.Check("find", [".", "-delete"]));

        Assert.Equal((ErrorKind.ReadOnlyViolation, "ops/read refuses find -delete: it can write or execute"), (refused.Kind, refused.Message));
        Assert.Equal(("find", "-delete"), ((string)refused.Details["command"], (string)refused.Details["argument"]));
    }

    [Fact]
    public void A_long_argument_is_cut_in_the_sentence_and_whole_in_the_details()
    {
        string script = $"{new string(' ', 199)}😀w f";

        RuntimeException refused = Assert.Throws<RuntimeException>(() => ReadCommands.Check("sed", [script]));

        Assert.Equal($"ops/read refuses sed {new string(' ', 199)}...: it can write or execute", refused.Message);
        Assert.Equal(script, refused.Details["argument"]);
    }

    [Theory]
    // sed: in place, in every form.
    [InlineData("sed", "-i s/a/b/ f", "-i")]
    [InlineData("sed", "-i.bak s/a/b/ f", "-i.bak")]
    [InlineData("sed", "-ni p f", "-ni")]
    [InlineData("sed", "-Ei s/a/b/ f", "-Ei")]
    [InlineData("sed", "-n -i p f", "-i")]
    [InlineData("sed", "p f -i", "-i")]
    [InlineData("sed", "--in-place p f", "--in-place")]
    [InlineData("sed", "--in-place=.bak p f", "--in-place=.bak")]
    [InlineData("sed", "p f --in-pl", "--in-pl")]
    [InlineData("sed", "--i p f", "--i")]
    [InlineData("sed", "-I .bak p f", "-I")]
    // Scripts from files, which can change between the look and the run.
    [InlineData("sed", "-f script f", "-f")]
    [InlineData("sed", "-nf script f", "-nf")]
    [InlineData("sed", "-fscript f", "-fscript")]
    [InlineData("sed", "--file script f", "--file")]
    [InlineData("sed", "--file=script f", "--file=script")]
    [InlineData("sed", "--fi=script f", "--fi=script")]
    // The script, wherever it stands.
    [InlineData("sed", "-e p -e w␣f in", "w␣f")]
    [InlineData("sed", "-ew␣f in", "w␣f")]
    [InlineData("sed", "-new␣f in", "w␣f")]
    [InlineData("sed", "-ne w␣f in", "w␣f")]
    [InlineData("sed", "--expression=w␣f in", "w␣f")]
    [InlineData("sed", "--expression w␣f in", "w␣f")]
    [InlineData("sed", "--exp=w␣f in", "--exp=w␣f")]
    [InlineData("sed", "-- w␣f in", "w␣f")]
    [InlineData("sed", "-e -- in", "--")]
    [InlineData("sed", "p in -e w␣f", "-e")]
    [InlineData("sed", "-l w f", "-l")]
    [InlineData("sed", "-e a\\ -e w␣f", "a\\")]
    [InlineData("sed", "-e", "-e")]
    [InlineData("sed", "--unknown p f", "--unknown")]
    // find: actions count everywhere.
    [InlineData("find", ". -exec rm {} ;", "-exec")]
    [InlineData("find", ". -execdir rm {} +", "-execdir")]
    [InlineData("find", ". -ok rm {} ;", "-ok")]
    [InlineData("find", ". -okdir rm {} ;", "-okdir")]
    [InlineData("find", "-delete", "-delete")]
    [InlineData("find", "-- . -delete", "-delete")]
    [InlineData("find", ". ! -name a -delete", "-delete")]
    [InlineData("find", ". -name -delete", "-delete")]
    [InlineData("find", ". -fprint f", "-fprint")]
    [InlineData("find", ". -fprint0 f", "-fprint0")]
    [InlineData("find", ". -fprintf f %p", "-fprintf")]
    [InlineData("find", ". -fls f", "-fls")]
    [InlineData("find", ". --exec rm ;", "--exec")]
    [InlineData("find", ". -rm", "-rm")]
    // fd.
    [InlineData("fd", "-x rm", "-x")]
    [InlineData("fd", "-X rm", "-X")]
    [InlineData("fd", "-Hx rm", "-Hx")]
    [InlineData("fd", "-HIXrm", "-HIXrm")]
    [InlineData("fd", ". src -x rm", "-x")]
    [InlineData("fd", "-x=rm", "-x=rm")]
    [InlineData("fd", "--exec rm", "--exec")]
    [InlineData("fd", "--exec=rm", "--exec=rm")]
    [InlineData("fd", "--exec-batch rm", "--exec-batch")]
    [InlineData("fd", "--exec-batch=rm", "--exec-batch=rm")]
    [InlineData("fd", "--exec-b rm", "--exec-b")]
    [InlineData("fd", "--ex rm", "--ex")]
    [InlineData("fd", "--and -- -x rm", "-x")]
    [InlineData("fd", "-e -x rm", "-x")]
    // rg.
    [InlineData("rg", "--pre cat x", "--pre")]
    [InlineData("rg", "x --pre=cat", "--pre=cat")]
    [InlineData("rg", "--hostname-bin=x y", "--hostname-bin=x")]
    [InlineData("rg", "--hostname-bin x y", "--hostname-bin")]
    [InlineData("rg", "-z x", "-z")]
    [InlineData("rg", "-nz x", "-nz")]
    [InlineData("rg", "-zn x", "-zn")]
    [InlineData("rg", "x y -z", "-z")]
    [InlineData("rg", "--search-zip x", "--search-zip")]
    [InlineData("rg", "--pr=x y", "--pr=x")]
    [InlineData("rg", "-e -- --pre=x y", "--pre=x")]
    [InlineData("rg", "--regexp -- --pre=x y", "--pre=x")]
    [InlineData("rg", "-ne -- -z y", "-z")]
    [InlineData("rg", "--unknown-option -- -z", "-z")]
    // tree: an option's argument does not end its cluster.
    [InlineData("tree", "-o f", "-o")]
    [InlineData("tree", "-ao f", "-ao")]
    [InlineData("tree", ". -o f", "-o")]
    [InlineData("tree", "-R", "-R")]
    [InlineData("tree", "-L 1 -aR", "-aR")]
    [InlineData("tree", "-Po x f", "-Po")]
    [InlineData("tree", "-P -- -o f", "-o")]
    [InlineData("tree", "-PI x -- -o f", "-o")]
    [InlineData("tree", "--filelimit -- -o f", "-o")]
    [InlineData("tree", "--output=f", "--output=f")]
    // Others that images put under these names.
    [InlineData("grep", "--filter=*:x y", "--filter=*:x")]
    [InlineData("grep", "--pager=x y", "--pager=x")]
    [InlineData("grep", "--save-config=x", "--save-config=x")]
    [InlineData("cat", "--pager=x f", "--pager=x")]
    [ContractLine("R1", Part = "every row of the table")]
    public void What_can_write_or_execute_is_refused(string command, string arguments, string refused)
    {
        string? found = ReadCommands.FindRefused(command, Split(arguments));

        Assert.Equal(refused.Replace('␣', ' '), found);
    }

    [Theory]
    [InlineData("sed", "s/we/ew/")]
    [InlineData("sed", "s/we/ew/ f")]
    [InlineData("sed", "-n 1,5p f")]
    [InlineData("sed", "-n -e 1p -e $p f g")]
    [InlineData("sed", "-ne 1p f")]
    [InlineData("sed", "-nE s/(a|b)+/x/gp f")]
    [InlineData("sed", "-n 1,5p f -s")]
    [InlineData("sed", "--quiet --expression=p f")]
    [InlineData("sed", "-l5 l f")]
    [InlineData("sed", "--line-length=5 l f")]
    [InlineData("sed", "-n /writes/p -- -i")]
    [InlineData("sed", "--version")]
    [InlineData("sed", "")]
    [InlineData("find", ". -executable -type f")]
    [InlineData("find", ". -name *delete* -print")]
    [InlineData("find", ". -name exec -o -path */ok/*")]
    [InlineData("find", ". -printf %p\\n -ls -print0")]
    [InlineData("find", ". -newermt 2026-01-01 -not -empty -quit")]
    [InlineData("find", "exec")]
    [InlineData("fd", "-tx")]
    [InlineData("fd", "-t x")]
    [InlineData("fd", "-e xml -E xyz")]
    [InlineData("fd", "-ex")]
    [InlineData("fd", "--extension xml exec")]
    [InlineData("fd", "--exclude x --exact-depth 2")]
    [InlineData("fd", "-H -- -x")]
    [InlineData("rg", "--pretty x")]
    [InlineData("rg", "-tzig x")]
    [InlineData("rg", "-ez")]
    [InlineData("rg", "-gz* x")]
    [InlineData("rg", "-n -- --pre")]
    [InlineData("rg", "--hidden -- -z")]
    [InlineData("rg", "--no-pre --no-search-zip x")]
    [InlineData("rg", "pre")]
    [InlineData("tree", "-L 2 -I node_modules")]
    [InlineData("tree", "-a --noreport -- -o")]
    [InlineData("tree", "-CF --dirsfirst src")]
    [InlineData("grep", "-rn --include=*.cs --exclude-dir=bin exec .")]
    [InlineData("grep", "-e -i -f patterns f")]
    [InlineData("grep", "-z --files-with-matches --file=p f")]
    [InlineData("cat", "-A -- -i")]
    [InlineData("head", "-n 5 f")]
    [InlineData("tail", "-f --pid 1 f")]
    [InlineData("ls", "-la --color=never -R -o")]
    [InlineData("wc", "-l --files0-from=f")]
    [InlineData("stat", "-c %s f")]
    [ContractLine("R1", Part = "harmless look-alikes")]
    public void What_only_looks_like_it_passes(string command, string arguments) =>
        Assert.Null(ReadCommands.FindRefused(command, Split(arguments)));

    private static string[] Split(string arguments) =>
        [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Replace('␣', ' ').Replace('⏎', '\n'))];
}
