using System.Diagnostics;
using System.Text;
using Sleigh.TestSupport;

namespace Sleigh.VmTests.Machine;

/// <summary>
/// <c>scripts/vm.sh</c>, which makes images and is QEMU's parent. It ends the machine and removes its files when its standard input ends,
/// and that happens too when this process is killed.
/// </summary>
internal sealed class MachineScript : IAsyncDisposable
{
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private MachineScript(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    /// <summary>Its path.</summary>
    public static string Path { get; } = System.IO.Path.Combine(Host.Repository, "scripts", "vm.sh");

    /// <summary>The folder of the running machine, with its sockets, disk and console.</summary>
    public string Folder { get; private set; } = "";

    /// <summary>Whether the machine has ended by itself.</summary>
    public bool HasEnded => _process.HasExited;

    public int ProcessId => _process.Id;

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString().Trim();
            }
        }
    }

    /// <summary>Runs one of its commands that ends by itself, and returns what that printed.</summary>
    public static async Task<string> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        await using var script = new MachineScript(Start(arguments));
        string output = await script._process.StandardOutput.ReadToEndAsync(cancellationToken);
        await script._process.WaitForExitAsync(cancellationToken);
        return script._process.ExitCode == 0
            ? output.Trim()
            : throw new GuestException($"vm.sh {string.Join(' ', arguments)} failed: {script.Errors}");
    }

    /// <summary>Starts a machine; QEMU runs when this returns, and the machine has not booted yet.</summary>
    public static async Task<MachineScript> StartMachineAsync(string name, MachineOptions options, CancellationToken cancellationToken)
    {
        string[] forwards = [.. options.Forward.SelectMany(p => new[] { "--forward", $"{p}" })];
        var script = new MachineScript(Start(
            ["run", options.Kind.Word(), "--name", name, "--memory", $"{options.MemoryMiB}", "--until-eof", .. forwards]));
        try
        {
            // The script prints the folder when QEMU listens on its sockets.
            script.Folder = await script._process.StandardOutput.ReadLineAsync(cancellationToken) ?? "";
            if (script.Folder.Length == 0)
            {
                await script._process.WaitForExitAsync(cancellationToken);
                throw new GuestException($"the machine did not start: {script.Errors}");
            }

            return script;
        }
        catch
        {
            await script.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the machine as a power cut does, and waits until its files are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var time = new CancellationTokenSource(EndTime);
        try
        {
            await _process.WaitForExitAsync(time.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo(Path, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
