using System.Diagnostics.Metrics;
using Sleigh.Runtime;
using Sleigh.Runtime.Auditing;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Telemetry;

namespace Sleigh.Api.Metrics;

/// <summary>
/// Keeps what the counters and histograms of our meters have counted, from its making on. It has no timer and no thread: a measurement is an
/// addition in the thread that made it, and text is made only when somebody asks. Safe for use by several threads.
/// </summary>
internal sealed class MeterTotals : IDisposable
{
    /// <summary>How the names of our meters begin; one with such a name is counted without being named here.</summary>
    public const string Beginning = "Sleigh.";

    private readonly Lock _lock = new();
    private readonly List<MeterFamily> _families = [];
    private readonly MeterListener _listener = new();

    /// <summary>Counts from now on; all counters of the runtime are there from the beginning, with 0.</summary>
    /// <param name="owner">A meter whose scope is another object is somebody else's; one without scope is the process's.</param>
    public MeterTotals(object owner)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            Meter meter = instrument.Meter;
            bool ours = meter.Name.StartsWith(Beginning, StringComparison.Ordinal) && (meter.Scope is null || ReferenceEquals(meter.Scope, owner));
            if (ours && MeterFamily.Of(instrument) is { } family)
            {
                lock (_lock)
                {
                    _families.Add(family);
                }

                listener.EnableMeasurementEvents(instrument, family);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => ((MeterFamily)state!).Add(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => ((MeterFamily)state!).Add(value, tags));
        _listener.Start();
        MemoryMeters.Announce();
        SandboxMeters.Announce();
        WebhookMeters.Announce();
        AuditMeters.Announce();
    }

    /// <summary>Writes each instrument, by name.</summary>
    public void Write(MetricsText text)
    {
        MeterFamily[] families;
        lock (_lock)
        {
            families = [.. _families.OrderBy(f => f.Name, StringComparer.Ordinal)];
        }

        foreach (MeterFamily family in families)
        {
            family.Write(text);
        }
    }

    public void Dispose() => _listener.Dispose();
}
