using Sleigh.Containerd;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Images;

/// <summary>
/// The puller of the registries that the configuration names now. After a change a new one is made for the next pull; the old one is
/// closed when the last pull that uses it has ended.
/// </summary>
internal sealed class LivePuller : IDisposable
{
    private readonly Func<ImagesOptions, ImagePuller> _make;
    private readonly LiveOptions _options;
    private readonly Lock _lock = new();
    private InUse? _current;
    private bool _disposed;

    public LivePuller(Func<ImagesOptions, ImagePuller> make, LiveOptions options) => (_make, _options) = (make, options);

    /// <summary>Runs one pull; the puller stays open for as long as it takes.</summary>
    public async Task<T> UseAsync<T>(Func<ImagePuller, Task<T>> pull)
    {
        InUse mine = Enter();
        try
        {
            return await pull(mine.Puller);
        }
        finally
        {
            Leave(mine);
        }
    }

    /// <summary>Closes the puller once nobody uses it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Retire();
        }
    }

    private InUse Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            ImagesOptions options = _options.Now.Images;
            if (_current?.Options != options)
            {
                Retire();
                _current = new InUse(_make(options), options);
            }

            _current.Users++;
            return _current;
        }
    }

    private void Leave(InUse puller)
    {
        lock (_lock)
        {
            puller.Users--;
            if (puller.Users == 0 && puller != _current)
            {
                puller.Puller.Dispose();
            }
        }
    }

    // Under the lock.
    private void Retire()
    {
        if (_current is { Users: 0 } idle)
        {
            idle.Puller.Dispose();
        }

        _current = null;
    }

    private sealed class InUse(ImagePuller puller, ImagesOptions options)
    {
        public ImagePuller Puller { get; } = puller;

        public ImagesOptions Options { get; } = options;

        public int Users { get; set; }
    }
}
