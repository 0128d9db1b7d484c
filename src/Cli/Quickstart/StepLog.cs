namespace Sleigh.Cli.Quickstart;

/// <summary>Runs steps, times them, keeps what came of them.</summary>
internal sealed class StepLog
{
    private readonly TimeProvider _time;
    private readonly Action<Step> _show;
    private readonly List<Step> _steps = [];

    /// <param name="time">The clock.</param>
    /// <param name="show">Called with each step as it ends.</param>
    public StepLog(TimeProvider time, Action<Step> show)
    {
        _time = time;
        _show = show;
    }

    /// <summary>All steps so far.</summary>
    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>The sum of all steps.</summary>
    public double TotalMilliseconds => Math.Round(_steps.Sum(s => s.Milliseconds), 1);

    /// <summary>Runs one step; a failed check or call becomes a failed step.</summary>
    /// <param name="name">What is done.</param>
    /// <param name="work">Does it and says what was found right.</param>
    /// <returns>False when the step failed.</returns>
    public async Task<bool> RunAsync(string name, Func<Task<string>> work)
    {
        long start = _time.GetTimestamp();
        string? found = null;
        string? failure = null;
        try
        {
            found = await work();
        }
        catch (CheckFailedException ex)
        {
            failure = ex.Message;
        }
        catch (CliException ex)
        {
            failure = ex.Hint is null ? ex.Message : $"{ex.Message} ({ex.Hint})";
        }

        var step = new Step(name, _time.GetElapsedTime(start).TotalMilliseconds, found, failure);
        _steps.Add(step);
        _show(step);
        return failure is null;
    }
}
