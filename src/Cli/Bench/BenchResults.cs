namespace Sleigh.Cli.Bench;

/// <summary>All series of a run in the order in which they were first asked for, and the calls that failed.</summary>
internal sealed class BenchResults
{
    private readonly List<string> _names = [];
    private readonly Dictionary<(string Name, string Subject), Series> _series = [];
    private readonly List<string> _failures = [];

    /// <summary>The names of the series, in order.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>What went wrong, one sentence each.</summary>
    public IReadOnlyList<string> Failures => _failures;

    /// <summary>The series of a subject; made when it is not there yet.</summary>
    public Series Of(string name, string subject)
    {
        if (!_series.TryGetValue((name, subject), out Series? series))
        {
            if (!_names.Contains(name))
            {
                _names.Add(name);
            }

            series = _series[(name, subject)] = new Series(name);
        }

        return series;
    }

    /// <summary>The series of a subject, or null when it has no value.</summary>
    public Series? Find(string name, string subject) => _series.GetValueOrDefault((name, subject)) is { Count: > 0 } series ? series : null;

    /// <summary>Notes a call that failed.</summary>
    public void Fail(string part, string subject, string message) => _failures.Add($"{part}, {subject}: {message}");
}
