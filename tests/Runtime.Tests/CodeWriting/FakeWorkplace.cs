using System.Text;
using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

/// <summary>A sandbox made of names, and of programs that end as a test says; what no test named is not installed.</summary>
internal sealed class FakeWorkplace : IWorkplace
{
    private readonly Dictionary<string, string> _files = [];
    private readonly Dictionary<string, ToolRun> _runs = [];

    /// <summary>What was run: the directory, a colon, the program and its arguments.</summary>
    public List<string> Ran { get; } = [];

    public FakeWorkplace Has(string path, string text = "")
    {
        _files[path] = text;
        return this;
    }

    /// <summary>A command line, or its beginning, and how it ends.</summary>
    public FakeWorkplace Ends(string command, ToolEnd end, string stdout = "", string stderr = "", string? reason = null)
    {
        _runs[command] = new ToolRun(end, reason) { Stdout = Output(stdout), Stderr = Output(stderr) };
        return this;
    }

    public bool Exists(string path) => _files.ContainsKey(path);

    public string? ReadText(string path) => _files.GetValueOrDefault(path);

    public Task<ToolRun> RunAsync(ToolCommand command)
    {
        string line = string.Join(' ', [command.Program, .. command.Arguments]);
        Ran.Add($"{command.Directory}: {line}");
        string? known = _runs.Keys.Where(k => line == k || line.StartsWith(k + " ", StringComparison.Ordinal)).MaxBy(k => k.Length);
        return Task.FromResult(known is null ? new ToolRun(ToolEnd.Missing) : _runs[known]);
    }

    public static ToolOutput Output(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return new ToolOutput(bytes, bytes.Length);
    }

    public static SandboxFilePath Path(string text) => SandboxFilePath.TryParse(text, out SandboxFilePath? path, out string? rule)
        ? path
        : throw new ArgumentException(rule);
}
