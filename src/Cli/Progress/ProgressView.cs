using Sleigh.Cli.Commands;

namespace Sleigh.Cli.Progress;

/// <summary>Picks how progress is shown: bars on a terminal, plain lines elsewhere, nothing for programs and with <c>--quiet</c>.</summary>
internal static class ProgressView
{
    /// <summary>Does the work with a view of its progress, which is gone afterwards.</summary>
    public static Task<T> RunAsync<T>(Invocation run, Func<IProgressView, Task<T>> work) =>
        run.DrawsProgress ? Bars.RunAsync(run, work) : work(new PlainLines(run));

    private sealed class PlainLines(Invocation run) : IProgressView
    {
        public void Say(string text) => run.Remark(text);

        public void Report(string name, string label, long value, long? total)
        {
            // A log is not filled with figures that change.
        }
    }
}
