using System.ComponentModel;
using System.Diagnostics;

namespace Sleigh.Linux;

/// <summary>A process in new namespaces that does nothing but be there: what it is sent comes back once they are made. It ends with this one: its input ends then.</summary>
internal sealed class NamespaceHolder : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    private NamespaceHolder(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts a program that becomes <c>cat</c>, and waits until it has.</summary>
    /// <param name="action">What it is for, for the text of an error.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It cannot be started, or has ended; the text is what it said.</exception>
    public static async Task<NamespaceHolder> StartAsync(string action, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(command[0], command.Skip(1))
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        NamespaceHolder holder;
        try
        {
            holder = new NamespaceHolder(Process.Start(start)!);
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{action}: '{command[0]}' cannot be started: {e.Message}", e);
        }

        try
        {
            await holder.AwaitAsync(action, cancellationToken);
            return holder;
        }
        catch (Exception)
        {
            await holder.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync(CancellationToken.None);

        // Process leaves them to whoever has used them.
        await using (_process.StandardInput)
        {
        }

        _process.StandardOutput.Dispose();
        _process.StandardError.Dispose();
        _process.Dispose();
    }

    private async Task AwaitAsync(string action, CancellationToken cancellationToken)
    {
        try
        {
            await _process.StandardInput.BaseStream.WriteAsync("."u8.ToArray(), cancellationToken);
            await _process.StandardInput.BaseStream.FlushAsync(cancellationToken);
        }
        catch (IOException)
        {
            // It has ended already; below it says why.
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            if (await _process.StandardOutput.BaseStream.ReadAsync(new byte[1], limit.Token) == 1)
            {
                return;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{action}: {_process.StartInfo.FileName} did not answer within {Patience.TotalSeconds} s");
        }

        string said = await _process.StandardError.ReadToEndAsync(cancellationToken);
        throw new IOException($"{action}: {said.Trim()}");
    }
}
