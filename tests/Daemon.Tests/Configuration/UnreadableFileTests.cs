using System.Diagnostics;
using System.Text;
using Sleigh.Daemon.Configuration;
using Sleigh.TestSupport;

namespace Sleigh.Daemon.Tests.Configuration;

public sealed class UnreadableFileTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_file_is_named()
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(
            () => SleighConfiguration.Load("/nowhere/sleigh.yaml", null, new Dictionary<string, string>()));

        Assert.Equal("/nowhere/sleigh.yaml: the configuration cannot be read: ENOENT (No such file or directory)", error.Message);
    }

    [Fact]
    public void A_folder_is_named()
    {
        Directory.CreateDirectory(_folder.File);

        Assert.Equal(["sleigh.yaml: the configuration is not a regular file"], _folder.Errors());
    }

    [Fact]
    public void A_pipe_is_not_waited_for()
    {
        using var mkfifo = Process.Start("mkfifo", _folder.File);
        mkfifo.WaitForExit();

        Assert.Equal(["sleigh.yaml: the configuration is not a regular file"], _folder.Errors());
    }

    [Fact]
    public void An_endless_file_is_refused()
    {
        File.CreateSymbolicLink(_folder.File, "/dev/zero");

        Assert.Equal(["sleigh.yaml: the configuration is not a regular file"], _folder.Errors());
    }

    [Fact]
    public void A_link_to_a_file_is_followed()
    {
        string target = _folder.File + ".real";
        File.WriteAllText(target, "pool: {size: 7}");
        File.CreateSymbolicLink(_folder.File, target);

        Assert.Equal(7, _folder.Load().Pool.Size);
    }

    [Fact]
    public void A_large_file_is_refused()
    {
        Assert.Equal(7, _folder.Yaml("pool: {size: 7} #" + new string('x', ConfigurationFile.MaxBytes - 17)).Load().Pool.Size);
        Assert.Equal(
            ["sleigh.yaml: the configuration is larger than 1 MiB"],
            _folder.Yaml("pool: {size: 7} #" + new string('x', ConfigurationFile.MaxBytes)).Errors());
    }

    [Fact]
    public void Bytes_that_are_not_text_are_refused()
    {
        File.WriteAllBytes(_folder.File, [.. "log: "u8, 0xFF, 0xFE]);

        Assert.Equal(["sleigh.yaml: the configuration is not UTF-8 text"], _folder.Errors());
    }

    [Theory]
    [InlineData("http: [", "sleigh.yaml:2: not YAML: ")]
    [InlineData("http:\n\tlisten: x", "sleigh.yaml:1: not YAML: ")]
    [InlineData("a: b: c", "sleigh.yaml:1: not YAML: ")]
    [InlineData("log: {level: 'inf", "sleigh.yaml:1: not YAML: ")]
    [InlineData("just text", "sleigh.yaml:1: the configuration must be sections and keys, such as 'http:' with 'listen: 127.0.0.1:10122' below")]
    [InlineData("- a\n- b", "sleigh.yaml:1: the configuration must be sections and keys, such as 'http:' with 'listen: 127.0.0.1:10122' below")]
    [InlineData("log: {level: info}\n---\nlog: {level: info}", "sleigh.yaml:2: the configuration must be one YAML document")]
    [InlineData("log: &a\n  level: info\nhttp: *a", "sleigh.yaml:1: anchors and aliases (& and *) are not supported")]
    [InlineData("log: *a", "sleigh.yaml:1: anchors and aliases (& and *) are not supported")]
    [InlineData("log: {level: !!binary aW5mbw==}", "sleigh.yaml:1: tags (!) are not supported")]
    [InlineData("http: {a: {b: {c: 1}}}", "sleigh.yaml:1: http.a.b is nested too deep")]
    [InlineData("http: {allowed_hosts: [[a]]}", "sleigh.yaml:1: http.allowed_hosts must be a list of single values")]
    [InlineData("? [a]\n: b", "sleigh.yaml:1: a key must be a word")]
    [InlineData("log:\n  level: info\n  level: debug", "sleigh.yaml:3: log.level is set twice, first on line 2")]
    [InlineData("log:\n  level: info\npool:\nlog:\n  level: info", "sleigh.yaml:4: log is set twice, first on line 1")]
    public void What_is_no_configuration_gets_one_sentence(string yaml, string beginning)
    {
        string[] errors = _folder.Yaml(yaml).Errors();

        Assert.StartsWith(beginning, errors[0], StringComparison.Ordinal);
        Assert.True(errors.Length == 1 || yaml.Contains("pool", StringComparison.Ordinal), string.Join('\n', errors));
    }

    [Fact]
    public void A_bomb_of_aliases_is_refused_at_once()
    {
        StringBuilder bomb = new("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 30; i++)
        {
            bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        }

        Assert.Equal(["sleigh.yaml:1: anchors and aliases (& and *) are not supported"], _folder.Yaml(bomb.ToString()).Errors());
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    [InlineData("a: [")]
    [InlineData("!")]
    [InlineData("'")]
    [InlineData("a\n")]
    public void A_megabyte_of_openings_is_refused_in_time(string opening)
    {
        string text = string.Concat(Enumerable.Repeat(opening, 1_000_000 / opening.Length));
        long start = Stopwatch.GetTimestamp();

        Assert.NotEmpty(_folder.Yaml(text).Errors());

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
    }

    [Fact]
    public void Damaged_text_gives_settings_or_sentences()
    {
        string whole = File.ReadAllText(Path.Combine(Host.Repository, "sleigh.yaml")).Replace("#", "", StringComparison.Ordinal);
        Random random = new(20260101);
        for (int i = 0; i < 400; i++)
        {
            int from = random.Next(whole.Length - 400);
            char[] text = whole.Substring(from, 400).ToCharArray();
            for (int j = 0; j < 5; j++)
            {
                text[random.Next(text.Length)] = "[]{}:,&*!|>'\"%@`#-?\n\t \0\u0085\u2028"[random.Next(25)];
            }

            _folder.Yaml(new string(text));
            try
            {
                _folder.Load();
            }
            catch (ConfigurationException ex)
            {
                Assert.All(ex.Errors, error => Assert.NotEmpty(error.Text));
            }
        }
    }
}
