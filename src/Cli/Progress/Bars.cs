using System.Text;
using Sleigh.Cli.Commands;
using Sleigh.Cli.Output;
using Sleigh.Cli.Tty;
using Spectre.Console;

namespace Sleigh.Cli.Progress;

/// <summary>Progress bars on the terminal of standard error.</summary>
internal sealed class Bars : IProgressView
{
    private readonly IAnsiConsole _console;
    private readonly ProgressContext _context;
    private readonly Dictionary<string, ProgressTask> _tasks = [];

    private Bars(IAnsiConsole console, ProgressContext context)
    {
        _console = console;
        _context = context;
    }

    /// <summary>Does the work under bars, which are removed at its end.</summary>
    public static async Task<T> RunAsync<T>(Invocation run, Func<IProgressView, Task<T>> work)
    {
        await using var writer = new StreamWriter(run.Terminal.Error, new UTF8Encoding(false), leaveOpen: true) { AutoFlush = true };
        TerminalSize size = Stty.Size(run.Terminal.InputIsTerminal) ?? TerminalSize.Usual;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            ColorSystem = run.ColorsErrors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Out = new TerminalOutput(writer, size),
        });
        return await console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
            .StartAsync(async context => await work(new Bars(console, context)));
    }

    public void Say(string text) => _console.MarkupLine(Markup.Escape(Human.OneLine(text)));

    public void Report(string name, string label, long value, long? total)
    {
        string description = Markup.Escape(Human.OneLine(label));
        if (!_tasks.TryGetValue(name, out ProgressTask? task))
        {
            _tasks[name] = task = _context.AddTask(description);
        }

        task.Description = description;
        task.IsIndeterminate = total is null;
        task.MaxValue = Math.Max(1, total ?? Math.Max(value, 1));
        task.Value = total == 0 ? 1 : value;
    }

    // Spectre's own asks Console for the width, which writes to standard output.
    private sealed class TerminalOutput(TextWriter writer, TerminalSize size) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => true;

        public int Width => size.Columns;

        public int Height => size.Rows;

        public void SetEncoding(Encoding encoding)
        {
            // Always UTF-8.
        }
    }
}
