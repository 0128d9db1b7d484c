namespace Sleigh.Overlay;

/// <summary>
/// What could be done for a seal while the sandbox still ran. Make it with <see cref="LayerStore.PrepareSealAsync"/>,
/// freeze, hand it to <see cref="LayerStore.SealAsync"/>, thaw, dispose it.
/// </summary>
public class SealPreparation : IDisposable
{
    private readonly Action? _discard;

    internal SealPreparation(LayerId live, Action? discard = null)
    {
        Live = live;
        _discard = discard;
    }

    /// <summary>The layer to be sealed.</summary>
    public LayerId Live { get; }

    /// <summary>Puts away what the seal did not take over.</summary>
    public void Dispose()
    {
        _discard?.Invoke();
        GC.SuppressFinalize(this);
    }
}
