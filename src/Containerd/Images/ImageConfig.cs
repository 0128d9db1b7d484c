namespace Sleigh.Containerd;

/// <summary>What an image says about the processes to start in it.</summary>
public sealed record ImageConfig
{
    /// <summary>Environment, as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Directory to start in; "" where the image names none.</summary>
    public string WorkingDir { get; init; } = "";

    /// <summary>User to start as: <c>user</c>, <c>uid</c>, <c>user:group</c> or <c>uid:gid</c>; "" where the image names none.</summary>
    public string User { get; init; } = "";

    /// <summary>Default command, or arguments to the entry point.</summary>
    public IReadOnlyList<string> Cmd { get; init; } = [];

    /// <summary>Program that runs in front of the command.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];
}
