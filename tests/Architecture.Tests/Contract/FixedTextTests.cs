using System.Text.RegularExpressions;

namespace Sleigh.Architecture.Tests.Contract;

/// <summary>Every text that the contract fixes stands literally in a test. Only what a case fills in may differ.</summary>
public sealed partial class FixedTextTests
{
    // What a case fills in: on one line, and short. In the sources it may be an interpolation.
    private const string Anything = "[^\\n]{1,120}?";

    [Fact]
    public void Each_text_stands_in_a_test()
    {
        string plain = TestSources.Plain;

        Missing.None(
            from section in FixedTexts.BySection
            where !FixedTexts.Awaited.Contains(section.Key)
            from text in section.Value
            where !Pattern(text).IsMatch(plain)
            select $"no test asserts ({section.Key}): {text}");
    }

    [Fact]
    public void What_is_awaited_is_not_all_there_yet()
    {
        string plain = TestSources.Plain;

        Missing.None(FixedTexts.Awaited.Except(FixedTexts.BySection.Keys));
        Missing.None(FixedTexts.Awaited
            .Where(section => FixedTexts.BySection[section].All(text => Pattern(text).IsMatch(plain)))
            .Select(section => $"the texts of '{section}' are all asserted and no longer awaited"));
    }

    [Fact]
    public void A_text_that_nobody_asserts_is_found_out() =>
        Assert.DoesNotMatch(Pattern("a sentence of {n} words that no " + "test holds"), TestSources.Plain);

    private static Regex Pattern(string text) => new(
        string.Join(Anything, Hole().Split(text).Select(Regex.Escape)), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(20));

    [GeneratedRegex(@"\{\w+\}", RegexOptions.CultureInvariant)]
    private static partial Regex Hole();
}
