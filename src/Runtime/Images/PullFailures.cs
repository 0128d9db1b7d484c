using System.Globalization;
using Sleigh.Containerd;

namespace Sleigh.Runtime.Images;

/// <summary>What callers are told of a pull that failed: the sentences of the contract's create.</summary>
internal static class PullFailures
{
    private const string Advice = "check server network connectivity or configure proxy (HTTP_PROXY/HTTPS_PROXY)";

    /// <summary>The image is not here and the caller asked to be told.</summary>
    public static RuntimeException Needed(string image) =>
        new(ErrorKind.ImagePullNeeded, $"image \"{image}\" is not cached on host and needs pull") { Details = One("image", image) };

    /// <summary>Whether the image is here could not be found out in time.</summary>
    public static RuntimeException CheckTimedOut(string image) =>
        new(ErrorKind.ImagePullNeeded, $"image cache check for \"{image}\" timed out; treating image pull as needed")
        {
            Details = new Dictionary<string, object> { ["image"] = image, ["cache_check_timed_out"] = true },
        };

    /// <summary>The pull took longer than it may.</summary>
    public static RuntimeException TimedOut(string image, TimeSpan limit)
    {
        int seconds = (int)limit.TotalSeconds;
        return new RuntimeException(
            ErrorKind.ImagePullTimeout, string.Create(CultureInfo.InvariantCulture, $"image pull timed out after {seconds}s for \"{image}\"; {Advice}"))
        {
            Details = new Dictionary<string, object> { ["image"] = image, ["timeout_seconds"] = seconds },
        };
    }

    /// <summary>The daemon stops and takes its pulls back.</summary>
    public static RuntimeException Stopping() => new(ErrorKind.ShuttingDown, "the daemon is shutting down; try again in a moment");

    /// <summary>The pull failed; the cause goes along for the log, and for the administrator.</summary>
    public static RuntimeException Translate(string image, Exception cause) => cause switch
    {
        RuntimeException known => known,
        ContainerdException { Kind: ContainerdErrorKind.Unavailable or ContainerdErrorKind.DeadlineExceeded } =>
            Failures.Translate(cause, ErrorKind.EngineUnavailable, ""),
        RegistryException { Kind: RegistryErrorKind.NotFound } => Failed(image, "not_found", "not found", cause),
        RegistryException { Kind: RegistryErrorKind.Denied } => Failed(image, "denied", "access denied", cause),
        RegistryException { Kind: RegistryErrorKind.Network } => Failed(image, "network", "network", cause),
        _ => Failed(image, "other", "other", cause),
    };

    private static RuntimeException Failed(string image, string reason, string text, Exception cause) =>
        new(ErrorKind.ImagePullFailed, $"image pull failed for \"{image}\": {text}; {Advice}", cause)
        {
            Details = new Dictionary<string, object> { ["image"] = image, ["reason"] = reason },
        };

    private static Dictionary<string, object> One(string key, object value) => new() { [key] = value };
}
