using System.Globalization;
using Sleigh.Linux;

namespace Sleigh.Network;

/// <summary>A network namespace in which programs are run and settings written: the daemon's own, or one with a file.</summary>
internal sealed class NetworkPlace
{
    private static readonly IReadOnlyDictionary<string, string> NoVariables = new Dictionary<string, string>();
    private static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(30);

    private readonly ProgramHold? _hold;

    /// <summary>A place.</summary>
    /// <param name="file">The namespace's file; null: the daemon's own namespace.</param>
    /// <param name="hold">What programs that change something hold; null: nothing, where nobody waits for them.</param>
    public NetworkPlace(string? file, ProgramHold? hold = null) => (File, _hold) = (file, hold);

    /// <summary>The namespace's file; null: the daemon's own.</summary>
    public string? File { get; }

    /// <summary>Runs a program of PATH that only looks and must end with 0; gives its standard output.</summary>
    /// <exception cref="IOException">It is not there, or failed: the text has what it said.</exception>
    public Task<string> RunAsync(string program, IEnumerable<string> arguments, string input, CancellationToken cancellationToken) =>
        RunAsync(program, arguments, input, false, cancellationToken);

    /// <summary>Runs a program of PATH that changes something and must end with 0; gives its standard output. A later daemon waits for it.</summary>
    /// <exception cref="IOException">It is not there, or failed: the text has what it said.</exception>
    public Task<string> ChangeAsync(string program, IEnumerable<string> arguments, string input, CancellationToken cancellationToken) =>
        RunAsync(program, arguments, input, true, cancellationToken);

    /// <summary>Runs a program by its path, with these variables; a later daemon waits for one that changes something.</summary>
    /// <exception cref="IOException">It cannot be started, or took too long.</exception>
    public Task<ProgramEnd> RunAsync(
        string path, IReadOnlyList<string> arguments, string input, IReadOnlyDictionary<string, string> variables, bool changes,
        TimeSpan limit, CancellationToken cancellationToken)
    {
        // Not by a thread of ours that enters the namespace and starts the program: threads of the runtime that it happened to start would stay there.
        IReadOnlyList<string> before = changes ? _hold?.Before ?? [] : [];
        return ProgramRun.RunAsync(
            File is null ? before : [.. before, ProgramRun.Find("nsenter") ?? throw new IOException("there is no program 'nsenter' on PATH"), $"--net={File}", "--"],
            path, arguments, input, variables, limit, cancellationToken);
    }

    /// <summary>Writes a setting below <c>/proc/sys/net</c>, such as <c>ipv4/ip_forward</c>.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void WriteSetting(string name, string value)
    {
        if (File is null)
        {
            System.IO.File.WriteAllText($"/proc/sys/net/{name}", value);
        }
        else
        {
            NetworkNamespace.WriteSetting(File, $"/proc/sys/net/{name}", value);
        }
    }

    /// <summary>Reads a setting, without the line's end.</summary>
    /// <exception cref="IOException">The kernel has no such setting.</exception>
    public string ReadSetting(string name) => Read($"/proc/sys/net/{name}");

    /// <summary>Reads <c>/proc/net/NAME</c>.</summary>
    /// <exception cref="IOException">The kernel has no such file.</exception>
    public string ReadTable(string name) => Read($"/proc/thread-self/net/{name}");

    private async Task<string> RunAsync(string program, IEnumerable<string> arguments, string input, bool changes, CancellationToken cancellationToken)
    {
        string path = ProgramRun.Find(program) ?? throw new IOException($"there is no program '{program}' on PATH");
        string[] list = [.. arguments];
        ProgramEnd end = await RunAsync(path, list, input, NoVariables, changes, UsualLimit, cancellationToken);
        return end.Status == 0
            ? end.Output
            : throw new IOException(
                string.Create(CultureInfo.InvariantCulture, $"{program} {string.Join(' ', list)} ended with {end.Status}: {(end.Errors.Length > 0 ? end.Errors : end.Output.Trim())}"));
    }

    private string Read(string file) => (File is null ? System.IO.File.ReadAllText(file) : NetworkNamespace.ReadFile(File, file)).TrimEnd();
}
