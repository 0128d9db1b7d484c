using System.Globalization;
using Sleigh.Benchmarks.MemorySimulation.Model;

namespace Sleigh.Benchmarks.MemorySimulation.Report;

/// <summary>Writes what happens as lines of figures: each 10 ms at most, and whenever a limit moves.</summary>
internal sealed class StepFile : IDisposable
{
    private const long Grain = 10_000;

    private readonly TextWriter _text;
    private readonly Dictionary<string, (long At, long Brake, long Wall)> _written = [];

    public StepFile(TextWriter text)
    {
        _text = text;
        _text.Write("seconds,sandbox,usage,working_set,brake,wall\n");
    }

    /// <summary>Told of a sandbox after each of its steps.</summary>
    public void Add(SimulatedSandbox sandbox, long now)
    {
        SimulatedCgroup group = sandbox.Group;
        if (_written.TryGetValue(sandbox.Name, out (long At, long Brake, long Wall) last)
            && last.Brake == group.Brake && last.Wall == group.Wall && now - last.At < Grain)
        {
            return;
        }

        _written[sandbox.Name] = (now, group.Brake, group.Wall);
        _text.Write(string.Create(
            CultureInfo.InvariantCulture, $"{now / 1e6:F3},{sandbox.Name},{group.Usage},{group.Anonymous},{group.Brake},{group.Wall}\n"));
    }

    /// <inheritdoc/>
    public void Dispose() => _text.Dispose();
}
