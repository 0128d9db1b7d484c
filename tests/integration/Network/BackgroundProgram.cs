using System.Diagnostics;

namespace Sleigh.IntegrationTests.Network;

/// <summary>A program that one talks to line by line; it ends with the object.</summary>
public sealed class BackgroundProgram : IAsyncDisposable
{
    private readonly Process _process;

    private BackgroundProgram(Process process) => _process = process;

    public static BackgroundProgram Start(string program, IEnumerable<string> arguments) =>
        new(Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!);

    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));

    public async Task<string?> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await ReadLineAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
