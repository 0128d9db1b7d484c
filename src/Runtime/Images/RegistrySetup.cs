using Sleigh.Containerd;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Images;

/// <summary>From the configuration to the puller's settings.</summary>
internal static class RegistrySetup
{
    private const string RootConfig = "/root/.docker/config.json";

    public static RegistrySettings From(ImagesOptions options, Func<string, string?> variable, Func<string, bool> exists, Action<string> report) => new()
    {
        Report = report,
        ParallelLayers = options.ParallelLayers,
        DockerConfig = options.DockerConfig ?? FindDockerConfig(variable, exists),
        Hosts =
        [
            .. options.Registries.Select(r => new RegistryHost
            {
                Host = r.Host,
                Mirrors = r.Mirrors,
                Username = r.Username,
                Password = r.Password,
                Token = r.Token,
                CaFile = r.CaFile,
                PlainHttp = r.PlainHttp,
            }),
        ],
    };

    private static string? FindDockerConfig(Func<string, string?> variable, Func<string, bool> exists)
    {
        string file = variable("DOCKER_CONFIG") is { Length: > 0 } folder ? Path.Combine(folder, "config.json") : RootConfig;
        return exists(file) ? file : null;
    }
}
