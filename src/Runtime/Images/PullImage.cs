using Sleigh.Containerd;

namespace Sleigh.Runtime.Images;

/// <summary>Fetches an image from its registry: the image store does it, or a test's own.</summary>
/// <returns>The image's full name.</returns>
internal delegate Task<string> PullImage(ImageName name, string? platform, IProgress<PullProgress>? progress, CancellationToken cancellationToken);
