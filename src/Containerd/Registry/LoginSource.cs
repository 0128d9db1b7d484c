using System.Collections.Concurrent;

namespace Sleigh.Containerd;

/// <summary>Finds the login of a host: what the administrator set for it, or else docker's configuration.</summary>
internal sealed class LoginSource
{
    private readonly RegistrySettings _settings;
    private readonly HostRules _hosts;
    private readonly ConcurrentDictionary<string, LoginAnswer> _last = new(StringComparer.OrdinalIgnoreCase);

    public LoginSource(RegistrySettings settings, HostRules hosts)
    {
        _settings = settings;
        _hosts = hosts;
    }

    /// <summary>What to add to the message of a refusal, in brackets.</summary>
    public string HintFor(string host) => _last.GetValueOrDefault(host) switch
    {
        null => "",
        { Login: { } login } => $" (logged in as {login})",
        { Note: { } note } => $" ({note})",
        _ => $" (there is no login for {host})",
    };

    public async Task<LoginAnswer> FindAsync(string host, CancellationToken cancellationToken)
    {
        LoginAnswer answer = _hosts.Find(host) is { } rule && (rule.Username ?? rule.Token) is not null
            ? new LoginAnswer(new RegistryLogin { Username = rule.Username, Password = rule.Password, IdentityToken = rule.Token }, null)
            : await FindInDockerConfigAsync(host, cancellationToken);
        _last[host] = answer;
        return answer;
    }

    // The file is read each time: 'docker login' may have changed it.
    private async Task<LoginAnswer> FindInDockerConfigAsync(string host, CancellationToken cancellationToken)
    {
        if (_settings.DockerConfig is not { } path || !File.Exists(path))
        {
            return new LoginAnswer(null, null);
        }

        DockerConfig config;
        try
        {
            config = DockerConfig.Parse(await File.ReadAllBytesAsync(path, cancellationToken));
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException or FormatException)
        {
            return new LoginAnswer(null, $"{path} cannot be read: {ex.Message}");
        }

        LoginAnswer answer = config.HelperOf(host) is var (helper, server)
            ? await CredentialHelper.GetAsync(helper, server, cancellationToken)
            : new LoginAnswer(null, null);
        return answer.Login is null && config.Find(host) is { } login ? new LoginAnswer(login, answer.Note) : answer;
    }
}
