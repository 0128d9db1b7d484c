using System.Text.RegularExpressions;
using Sleigh.Daemon.Configuration;
using Sleigh.Runtime.Options;
using Sleigh.TestSupport;

namespace Sleigh.Daemon.Tests.Configuration;

public sealed partial class DefaultFileTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Host.Repository, "sleigh.yaml"));

    [Fact]
    public void The_file_as_it_is_sets_nothing()
    {
        using ConfigurationFolder folder = new();

        Assert.Equal(SleighConfiguration.Describe(new SleighOptions()), SleighConfiguration.Describe(folder.Yaml(Text).Load()));
        Assert.Empty(YamlSettings.Parse("", Text, []));
    }

    [Fact]
    public void Every_key_stands_in_it_with_its_default()
    {
        List<ConfigurationError> errors = [];
        SleighOptions defaults = new();

        string uncommented = CommentedKey().Replace(Text, "$1$2");
        IReadOnlyList<SettingValue> values = YamlSettings.Parse("sleigh.yaml", uncommented, errors);

        Assert.Empty(errors);
        Assert.Equal(SettingTable.All.Where(s => s.Format(defaults).Length > 0).Select(s => s.Key).Order(), values.Select(v => v.Key).Order());
        foreach (SettingValue value in values)
        {
            Setting setting = SettingTable.ByKey[value.Key];
            SleighOptions? read = setting.Apply(defaults, value, out ConfigurationError? error);
            Assert.Null(error);
            Assert.Equal(setting.Format(defaults), setting.Format(read!));
        }
    }

    [Fact]
    public void A_key_without_a_default_stands_in_it_empty()
    {
        foreach (Setting setting in SettingTable.All.Where(s => s.Format(new SleighOptions()).Length == 0))
        {
            string[] parts = setting.Key.Split('.');
            string section = Text[Text.IndexOf($"\n{parts[0]}:\n", StringComparison.Ordinal)..];
            section = section[..(NextSection().Match(section, 2) is { Success: true } next ? next.Index : section.Length)];
            Assert.Contains($"\n  #{parts[1]}:\n", section, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_documentation_lists_every_key_with_its_default_and_rule()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Host.Repository, "docs", "configuration.md"));
        SleighOptions defaults = new();
        foreach (Setting setting in SettingTable.All)
        {
            string line = Assert.Single(lines, l => l.StartsWith($"| `{setting.Key}` |", StringComparison.Ordinal));
            string value = setting.Format(defaults);
            string[] cells = line.Split(" | ");
            Assert.Equal(value.Length == 0 ? "none" : $"`{value}`", cells[1]);
            Assert.Equal(setting.Rule, cells[2]);
        }

        Assert.Equal(SettingTable.All.Count, lines.Count(l => l.StartsWith("| `", StringComparison.Ordinal)));
    }

    [GeneratedRegex("^( *)#([a-z0-9_]+:)", RegexOptions.Multiline)]
    private static partial Regex CommentedKey();

    [GeneratedRegex("^[a-z]+:$", RegexOptions.Multiline)]
    private static partial Regex NextSection();
}
