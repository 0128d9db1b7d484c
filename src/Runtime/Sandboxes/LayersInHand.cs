using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <summary>Live layers that a rollback has made or left: for a while no record names them.</summary>
internal sealed class LayersInHand
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LayerId, int> _layers = [];

    /// <summary>Counts layers in until the result is disposed of.</summary>
    public IDisposable Enter(params IReadOnlyList<LayerId> layers)
    {
        lock (_lock)
        {
            foreach (LayerId layer in layers)
            {
                _layers[layer] = _layers.GetValueOrDefault(layer) + 1;
            }
        }

        return new Hold(this, layers);
    }

    /// <summary>Whether somebody has it.</summary>
    public bool Has(LayerId layer)
    {
        lock (_lock)
        {
            return _layers.ContainsKey(layer);
        }
    }

    private void Leave(IReadOnlyList<LayerId> layers)
    {
        lock (_lock)
        {
            foreach (LayerId layer in layers)
            {
                int left = _layers[layer] - 1;
                if (left == 0)
                {
                    _layers.Remove(layer);
                }
                else
                {
                    _layers[layer] = left;
                }
            }
        }
    }

    private sealed class Hold(LayersInHand owner, IReadOnlyList<LayerId> layers) : IDisposable
    {
        private LayersInHand? _owner = owner;

        public void Dispose() => Interlocked.Exchange(ref _owner, null)?.Leave(layers);
    }
}
