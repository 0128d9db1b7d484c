using FsCheck;
using FsCheck.Fluent;
using Sleigh.Runtime.Reading;

namespace Sleigh.Runtime.Tests.Reading;

/// <summary>Scripts made of commands whose meaning is known: the verdict is the meaning, whatever stands around the one that writes.</summary>
public sealed class SedScriptPropertyTests
{
    private static readonly Gen<char> Delimiter = Gen.Elements('/', ',', '|', '#', '@', ':', '!');

    // Letters of writing commands, and what could lead a reader astray; no delimiter.
    private static readonly Gen<string> Pieces =
        from count in Gen.Choose(0, 6)
        from pieces in Gen.ArrayOf(Gen.Elements("w", "e", "W", " f", ";", "{", "}", "\\\\", "\\n", ".*", "^", "é", "\\[", "\\]", "1", "&", "$", "\\\"", "[we]", "[^;]"), count)
        select string.Concat(pieces);

    private static readonly Gen<string> Address =
        from kind in Gen.Choose(0, 6)
        from number in Gen.Choose(1, 20)
        from delimiter in Delimiter
        from regex in Pieces
        from flags in Gen.Elements("", "I", "M", " I ")
        let one = kind switch
        {
            0 => $"{number}",
            1 => "$",
            2 => $"/{Escape(regex, '/')}/{flags}",
            3 => $"\\{delimiter}{Escape(regex, delimiter)}{delimiter}{flags}",
            4 => $"{number},{number + 2}",
            5 => $"{number},+2",
            _ => "",
        }
        from not in Gen.Elements("", "", "!", " ! ")
        select one + not;

    private static readonly Gen<string> Substitution =
        from delimiter in Delimiter
        from regex in Pieces
        from replacement in Pieces
        select $"s{delimiter}{Escape(regex, delimiter)}{delimiter}{Escape(replacement, delimiter)}{delimiter}";

    private static readonly Gen<string> Reading = Gen.OneOf(
        Gen.Elements("p", "d", "=", "n;d", "N", "g", "h;x", "l", "q", "y/we/ew/", "# w f; e", "r in.txt", "{p;p}", ":w\nb", "a w f", "a\\\nw f\\\ne x", "t"),
        from substitution in Substitution
        from flags in Gen.Elements("", "g", "gp", "2", "I", "ig")
        select substitution + flags);

    private static readonly Gen<string> Writing = Gen.OneOf(
        Gen.Elements("w f", "W f", "wf", "e", "e touch f", "{p;w f\n}", "p;e"),
        from substitution in Substitution
        from flags in Gen.Elements("w f", "e", "gw f", "pe", "2w f", "Ie")
        select substitution + flags);

    private static readonly Gen<string> AddressedReading =
        from address in Address
        from command in Reading
        select command[0] is ':' or '#' ? command : address + command;

    private static readonly Gen<string> AddressedWriting =
        from address in Address
        from command in Writing
        select address + command;

    private static readonly Gen<string[]> Several =
        from count in Gen.Choose(0, 5)
        from commands in Gen.ArrayOf(AddressedReading, count)
        select commands;

    [Fact]
    public void Commands_that_read_make_a_script_that_reads()
    {
        foreach (string[] commands in Several.Sample(5000, new Rnd(20_261_129UL), 20))
        {
            string script = string.Join('\n', commands);
            Assert.True(SedScript.Reads(script, out int at), $"refused at {at}: {script}");
        }
    }

    [Fact]
    public void One_command_that_writes_is_found_among_them()
    {
        Gen<string> scripts =
            from before in Several
            from writing in AddressedWriting
            from after in Several
            select string.Join('\n', [.. before, writing, .. after]);

        foreach (string script in scripts.Sample(5000, new Rnd(26_1129UL), 20))
        {
            Assert.False(SedScript.Reads(script, out _), script);
        }
    }

    [Fact]
    public void Any_text_gets_a_verdict_in_time()
    {
        Gen<string> texts =
            from count in Gen.Choose(0, 40)
            from pieces in Gen.ArrayOf(
                Gen.Elements("s/", "/", "[", "]", "[/]", "[^", "\\", "\n", ";", "{", "}", ":a", "b", "a\\\n", "w", "e", "#", "y", ",", "1", "$", "[:", ":]", "p", " "), count)
            select string.Concat(pieces);

        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        foreach (string text in texts.Sample(20_000, new Rnd(3UL), 40))
        {
            SedScript.Reads(text, out int at);
            Assert.InRange(at, 0, text.Length);
        }

        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(30));
    }

    private static string Escape(string text, char delimiter) => text.Replace($"{delimiter}", $"\\{delimiter}", StringComparison.Ordinal);
}
