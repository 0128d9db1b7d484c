namespace Sleigh.Api.Tests.Fakes;

/// <summary>A configuration of two keys whose reload does what the test says.</summary>
internal sealed class FakeConfiguration : IConfiguration
{
    public IReadOnlyList<ShownSetting> Settings { get; } =
    [
        new ShownSetting("http.listen", "127.0.0.1:10122", "file /etc/sleigh/sleigh.yaml", IsSecret: false),
        new ShownSetting("http.api_key", "***", "environment", IsSecret: true),
    ];

    public ConfigurationState State { get; set; } = new(DateTimeOffset.UnixEpoch, null, []);

    public ReloadResult Result { get; set; } = new([], [], []);

    public int Reloads { get; private set; }

    public Task<ReloadResult> ReloadAsync()
    {
        Reloads++;
        return Task.FromResult(Result);
    }
}
