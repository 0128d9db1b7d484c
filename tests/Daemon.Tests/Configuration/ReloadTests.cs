using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Api;
using Sleigh.Daemon.Configuration;
using Sleigh.Runtime.Options;
using Sleigh.TestSupport;

namespace Sleigh.Daemon.Tests.Configuration;

public sealed class ReloadTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();
    private readonly List<string> _watched = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_good_configuration_is_in_force_afterwards_and_what_needs_a_restart_keeps_its_value()
    {
        DaemonConfiguration configuration = Start("pool: {size: 1}\ndata_dir: /one\n");

        _folder.Yaml("pool: {size: 2}\ndata_dir: /two\nlog: {level: debug}\n");
        ReloadResult result = await configuration.ReloadAsync();

        Assert.Equal(["pool.size", "log.level"], result.Changed);
        Assert.Equal(["data_dir"], result.RestartNeeded);
        SleighOptions now = configuration.Options.Now;
        Assert.Equal((2, LogThreshold.Debug, "/one"), (now.Pool.Size, now.Log.Level, now.DataDir));
        Dictionary<string, ShownSetting> shown = configuration.Settings.ToDictionary(s => s.Key);
        Assert.Equal(("2", "/one"), (shown["pool.size"].Value, shown["data_dir"].Value));
        Assert.Equal((null, "data_dir"), (configuration.State.Refused, Assert.Single(configuration.State.RestartNeeded)));
        Assert.Equal(["begins", "ends "], _watched);
    }

    [Fact]
    public async Task Put_back_there_is_nothing_to_restart_for_any_more()
    {
        DaemonConfiguration configuration = Start("data_dir: /one\n");
        _folder.Yaml("data_dir: /two\n");
        await configuration.ReloadAsync();

        _folder.Yaml("data_dir: /one\n");
        ReloadResult result = await configuration.ReloadAsync();

        Assert.Empty(result.Changed);
        Assert.Empty(configuration.State.RestartNeeded);
    }

    [Fact]
    public async Task A_bad_one_changes_nothing_and_all_its_errors_are_told()
    {
        DaemonConfiguration configuration = Start("pool: {size: 1}\n");

        _folder.Yaml("pool: {size: 2, max_sise: 3}\nlog: {level: loud}\n");
        ReloadResult result = await configuration.ReloadAsync();

        Assert.Equal(
            [
                $"{_folder.File}:2: log.level is loud, must be one of debug, info, warning, error",
                $"{_folder.File}:1: there is no key pool.max_sise; the nearest is pool.max_size",
            ],
            result.Errors.Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(1, configuration.Options.Now.Pool.Size);
        Assert.StartsWith("reload refused: ", configuration.State.Refused, StringComparison.Ordinal);
        Assert.EndsWith(", and 1 more; the old configuration is in force", configuration.State.Refused, StringComparison.Ordinal);
        Assert.Equal($"ends {configuration.State.Refused}", _watched[^1]);

        _folder.Yaml("pool: {size: 2}\n");
        await configuration.ReloadAsync();
        Assert.Equal((2, null), (configuration.Options.Now.Pool.Size, configuration.State.Refused));
    }

    [Fact]
    public async Task A_file_that_has_gone_is_a_bad_configuration()
    {
        _folder.Yaml("pool: {size: 1}\n");
        DaemonConfiguration configuration = Make(() => SleighConfiguration.LoadWithSources(_folder.File, _folder.DropIns, _folder.Environment));
        File.Delete(_folder.File);

        ReloadResult result = await configuration.ReloadAsync();

        Assert.Equal($"{_folder.File}: the configuration cannot be read: ENOENT (No such file or directory)", Assert.Single(result.Errors));
    }

    [Fact]
    public async Task What_fits_together_in_the_files_must_fit_the_running_daemon_too()
    {
        DaemonConfiguration configuration = Start("http: {listen: \"0.0.0.0:10122\", api_key: secret}\n");

        // Without the key a daemon that goes on listening to the world would serve it.
        _folder.Yaml("http: {listen: \"127.0.0.1:10122\"}\n");
        ReloadResult result = await configuration.ReloadAsync();

        Assert.Equal(
            "http.listen 0.0.0.0:10122 is not a loopback address and http.api_key is not set; refusing to start, as long as sleighd is not restarted",
            Assert.Single(result.Errors));
        Assert.Equal("secret", configuration.Options.Now.Http.ApiKey);
    }

    [Fact]
    public async Task Another_secret_is_a_change_though_it_looks_the_same()
    {
        DaemonConfiguration configuration = Start("http: {api_key: one}\nimages: {registries: {a.example: {username: u, password: one}}}\n");

        _folder.Yaml("http: {api_key: two}\nimages: {registries: {a.example: {username: u, password: two}}}\n");
        ReloadResult result = await configuration.ReloadAsync();
        ReloadResult again = await configuration.ReloadAsync();

        Assert.Equal(["http.api_key", "images.registries"], result.Changed);
        Assert.Empty(again.Changed);
        Assert.DoesNotContain(configuration.Settings, s => s.Value.Contains("two", StringComparison.Ordinal));
    }

    [Fact]
    public void The_document_lists_the_keys_that_need_a_restart()
    {
        string text = File.ReadAllText(Path.Combine(Host.Repository, "docs", "configuration.md"));

        Assert.Equal(Keys(ReloadEffect.Restart), Listed(text, "These need a restart:"));
    }

    [Fact]
    public void The_tables_name_only_keys_that_exist() =>
        Assert.Equal(28, SettingTable.All.Count(s => s.Reload != ReloadEffect.AtOnce));

    private static string[] Keys(ReloadEffect effect) => [.. SettingTable.All.Where(s => s.Reload == effect).Select(s => s.Key)];

    private static string[] Listed(string text, string lead)
    {
        int begin = text.IndexOf(lead, StringComparison.Ordinal);
        Assert.True(begin >= 0, $"docs/configuration.md does not say '{lead}'");
        string list = text[(begin + lead.Length)..text.IndexOf('.' + "\n", begin, StringComparison.Ordinal)];
        return [.. list.Split('`').Where((_, i) => i % 2 == 1)];
    }

    private DaemonConfiguration Start(string yaml)
    {
        _folder.Yaml(yaml);
        return Make(() => SleighConfiguration.LoadWithSources(_folder.File, _folder.DropIns, _folder.Environment));
    }

    private DaemonConfiguration Make(Func<LoadedConfiguration> load)
    {
        LoadedConfiguration first = load();
        return new DaemonConfiguration(first, new LiveOptions(first.Options), load, TimeProvider.System, NullLogger.Instance)
        {
            Watch = (() => _watched.Add("begins"), why => _watched.Add($"ends {why}")),
        };
    }
}
