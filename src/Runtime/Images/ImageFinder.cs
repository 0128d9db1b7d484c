using Sleigh.Containerd;

namespace Sleigh.Runtime.Images;

/// <summary>Gives a create its image: from this host, or by a pull.</summary>
internal sealed class ImageFinder
{
    /// <summary>The contract's limit of the look-up for a caller who does not want to wait.</summary>
    public static readonly TimeSpan LookUpLimit = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan RemovalPoll = TimeSpan.FromMilliseconds(50);

    private readonly Func<string, CancellationToken, ValueTask<ImageTree>> _open;
    private readonly ImagePulls _pulls;
    private readonly ImageHolds _holds;
    private readonly ImageUses _uses;
    private readonly TimeProvider _time;

    public ImageFinder(
        Func<string, CancellationToken, ValueTask<ImageTree>> open, ImagePulls pulls, ImageHolds holds, ImageUses uses, TimeProvider time) =>
        (_open, _pulls, _holds, _uses, _time) = (open, pulls, holds, uses, time);

    /// <summary>The image when it is on this host; null when it has to be pulled.</summary>
    /// <param name="image">The name as the caller wrote it.</param>
    /// <param name="notify">The caller wants to be told in place of a pull.</param>
    /// <param name="cancellationToken">The caller goes.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.ImagePullNeeded"/> with <paramref name="notify"/>, or the image cannot be used.</exception>
    public async ValueTask<FoundImage?> FindAsync(string image, bool notify, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                ImageTree tree = await OpenAsync(image, notify, cancellationToken);
                if (_holds.TryHold(tree.ChainId))
                {
                    _uses.Note(tree.Name);
                    return new FoundImage(tree, _holds);
                }

                // It is just being removed; what is left is seen after that.
                await Task.Delay(RemovalPoll, _time, cancellationToken);
            }
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            return notify ? throw PullFailures.Needed(image) : null;
        }
        catch (TimeoutException) when (notify)
        {
            throw PullFailures.CheckTimedOut(image);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.InvalidName)
        {
            throw RuntimeException.Invalid("image", $"bad request: {e.Message}");
        }
        catch (ImageException e)
        {
            throw new RuntimeException(ErrorKind.SandboxStartFailed, $"image \"{image}\" cannot be used: {e.Message}", e);
        }
        catch (ContainerdException e)
        {
            throw Failures.Translate(e, ErrorKind.SandboxStartFailed, $"image \"{image}\" could not be opened");
        }
    }

    /// <summary>Pulls the image and gives it. When the caller goes, the pull goes on, so that a retry finds the image.</summary>
    /// <exception cref="RuntimeException">As <see cref="ImagePulls.PullAsync"/> and <see cref="FindAsync"/>.</exception>
    public async Task<FoundImage> PullAsync(string image, CancellationToken cancellationToken)
    {
        long begin = _time.GetTimestamp();

        // Somebody may remove it between the pull and our hold; once more, then it is given up.
        for (int attempt = 0; attempt < 2; attempt++)
        {
            await _pulls.PullAsync(image, null, goesOn: true, progress: null, cancellationToken);
            TimeSpan pull = _time.GetElapsedTime(begin);
            using FoundImage? found = await FindAsync(image, notify: false, cancellationToken);
            if (found is not null && _holds.TryHold(found.Tree.ChainId))
            {
                return new FoundImage(found.Tree, _holds) { Pull = pull };
            }
        }

        throw PullFailures.Translate(image, new ImageException(ImageErrorKind.NotFound, $"the image '{image}' was pulled and is gone again"));
    }

    private async ValueTask<ImageTree> OpenAsync(string image, bool notify, CancellationToken cancellationToken)
    {
        if (!_pulls.Recovered.IsCompleted)
        {
            await _pulls.Recovered.WaitAsync(cancellationToken);
        }

        ValueTask<ImageTree> open = _open(image, cancellationToken);
        return open.IsCompleted || !notify ? await open : await open.AsTask().WaitAsync(LookUpLimit, _time, cancellationToken);
    }
}
