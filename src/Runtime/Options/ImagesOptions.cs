namespace Sleigh.Runtime.Options;

/// <summary>Section <c>images</c>.</summary>
public sealed record ImagesOptions
{
    /// <summary>Key <c>images.pull_timeout_seconds</c>: time limit of one pull.</summary>
    public TimeSpan PullTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Key <c>images.prefetch</c>: images pulled at start and daily again.</summary>
    public IReadOnlyList<string> Prefetch { get; init; } = [];

    /// <summary>Key <c>images.parallel_layers</c>: layers of one image that are fetched at once.</summary>
    public int ParallelLayers { get; init; } = 4;

    /// <summary>Key <c>images.docker_config</c>: file with docker's credentials; null: docker's own place, if there is one.</summary>
    public string? DockerConfig { get; init; }

    /// <summary>Key <c>images.unused_days</c>: an image that no sandbox has used for so long is removed; null: never.</summary>
    public TimeSpan? UnusedTime { get; init; }

    /// <summary>Key <c>images.registries</c>: how to talk to single registries.</summary>
    public IReadOnlyList<RegistryOptions> Registries { get; init; } = [];
}
