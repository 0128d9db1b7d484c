using System.Runtime.InteropServices;
using Sleigh.Cli.Commands;

namespace Sleigh.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        Terminal terminal = Terminal.OfProcess();
        using var interrupted = new CancellationTokenSource();

        // The first signal asks the command to end in order (exec cancels what runs in the sandbox); the second ends this process.
        void OnSignal(PosixSignalContext context)
        {
            if (!interrupted.IsCancellationRequested)
            {
                context.Cancel = true;
                interrupted.Cancel();
            }
        }

        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);

        var host = new CommandHost(terminal, TimeProvider.System, Environment.GetEnvironmentVariable);
        try
        {
            return await CommandTree.RunAsync(arguments, host, terminal, interrupted.Token);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // What is left are our own streams: a full disk behind a redirection, a closed descriptor.
            return CannotWrite(terminal, ex);
        }
    }

    private static int CannotWrite(Terminal terminal, Exception failure)
    {
        try
        {
            terminal.Note($"sleighctl: cannot write the output: {failure.Message}");
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // Standard error is gone too; the exit code is all that can be said.
        }

        return ExitCode.Failure;
    }
}
