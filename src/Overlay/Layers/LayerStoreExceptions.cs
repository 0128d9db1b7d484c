using System.Globalization;

namespace Sleigh.Overlay;

/// <summary>The disk of the layer store is full. What was begun has been taken back.</summary>
public sealed class LayerStoreFullException : IOException
{
    internal LayerStoreFullException(string what, LayerStoreStatus status, Exception cause)
        : base(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{what}: no space left in {status.Root} ({status.FreeBytes >> 20} MiB free of {status.TotalBytes >> 20} MiB)"),
            cause)
    {
        TotalBytes = status.TotalBytes;
        FreeBytes = status.FreeBytes;
    }

    /// <summary>Size of the store's filesystem.</summary>
    public long TotalBytes { get; }

    /// <summary>What was free in it when the write failed.</summary>
    public long FreeBytes { get; }
}

/// <summary>The layer named does not exist, or one of that name exists already.</summary>
public sealed class LayerConflictException : InvalidOperationException
{
    internal LayerConflictException(LayerId layer, string text)
        : base($"layer {layer} {text}") => Layer = layer;

    /// <summary>The layer.</summary>
    public LayerId Layer { get; }
}

/// <summary>The layer store cannot be opened as configured.</summary>
public sealed class LayerStoreUnavailableException : InvalidOperationException
{
    internal LayerStoreUnavailableException(string text, Exception? cause = null)
        : base(text, cause)
    {
    }
}

/// <summary>The size of layers cannot be limited here; the text says why and what to do.</summary>
public sealed class LayerLimitException : InvalidOperationException
{
    internal LayerLimitException(string reason, Exception? cause = null)
        : base(reason, cause)
    {
    }
}
