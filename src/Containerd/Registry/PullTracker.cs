namespace Sleigh.Containerd;

/// <summary>Keeps count of how far the layers of one pull are, and tells: each change of state at once, bytes ten times a second.</summary>
internal sealed class PullTracker
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly IProgress<PullProgress>? _progress;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private LayerProgress[] _layers = [];
    private PullStage _stage = PullStage.Resolving;
    private long _lastReport;

    public PullTracker(IProgress<PullProgress>? progress, TimeProvider time)
    {
        _progress = progress;
        _time = time;
        Tell();
    }

    /// <summary>Begins fetching.</summary>
    public void Begin(IEnumerable<OciDescriptor> layers)
    {
        lock (_lock)
        {
            _stage = PullStage.Downloading;
            _layers = [.. layers.DistinctBy(l => l.Digest).Select(l => new LayerProgress(l.Digest!, l.Size, 0, LayerState.Waiting))];
            _places.Clear();
            for (int i = 0; i < _layers.Length; i++)
            {
                _places[_layers[i].Digest] = i;
            }

            Tell();
        }
    }

    public void Enter(PullStage stage)
    {
        lock (_lock)
        {
            _stage = stage;
            Tell();
        }
    }

    public void Set(string digest, LayerState state)
    {
        lock (_lock)
        {
            LayerProgress layer = _layers[_places[digest]];
            if (layer.State == state)
            {
                return;
            }

            bool whole = state is LayerState.Downloaded or LayerState.Present or LayerState.Unpacked;
            _layers[_places[digest]] = layer with { State = state, Received = whole ? layer.Size : layer.Received };
            Tell();
        }
    }

    public void Received(string digest, long bytes)
    {
        lock (_lock)
        {
            LayerProgress layer = _layers[_places[digest]];
            _layers[_places[digest]] = layer with { Received = bytes, State = LayerState.Downloading };
            if (layer.State != LayerState.Downloading || _time.GetElapsedTime(_lastReport) >= Interval)
            {
                Tell();
            }
        }
    }

    private void Tell()
    {
        _lastReport = _time.GetTimestamp();
        _progress?.Report(new PullProgress(_stage, [.. _layers]));
    }
}
