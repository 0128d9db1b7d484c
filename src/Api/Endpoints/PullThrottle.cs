using Sleigh.Containerd;

namespace Sleigh.Api.Endpoints;

/// <summary>Passes on at most five reports a second, and each that begins a stage.</summary>
internal sealed class PullThrottle(IProgress<PullProgress> next, TimeProvider time) : IProgress<PullProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private PullStage? _stage;
    private long _last;

    public void Report(PullProgress value)
    {
        lock (_lock)
        {
            if (_stage == value.Stage && time.GetElapsedTime(_last) < Interval)
            {
                return;
            }

            (_stage, _last) = (value.Stage, time.GetTimestamp());
            next.Report(value);
        }
    }
}
