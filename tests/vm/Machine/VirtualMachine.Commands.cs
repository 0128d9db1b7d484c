using System.Text;

namespace Sleigh.VmTests.Machine;

public sealed partial class VirtualMachine
{
    /// <summary>Runs a command to its end, whatever that is. Several may run at once.</summary>
    /// <exception cref="GuestException">It took longer than its time, or there is no such program.</exception>
    public async Task<GuestResult> RunAsync(GuestCommand command, CancellationToken cancellationToken = default) =>
        await _agent.WaitAsync(command, await _agent.StartAsync(command, cancellationToken), cancellationToken);

    /// <summary>Runs a program with arguments to its end.</summary>
    public Task<GuestResult> RunAsync(params string[] arguments) => RunAsync(new GuestCommand(arguments));

    /// <summary>Runs a program that must succeed.</summary>
    /// <exception cref="GuestException">Its exit code is not 0; the text has what it said.</exception>
    public async Task<GuestResult> MustRunAsync(params string[] arguments) => (await RunAsync(arguments)).MustSucceed();

    /// <summary>Runs a shell's text to its end, with the values for <c>$1</c>, <c>$2</c>…</summary>
    public Task<GuestResult> ShellAsync(string text, params string[] values) => RunAsync(GuestCommand.Shell(text, values));

    /// <summary>Runs a shell's text that must succeed, with the values for <c>$1</c>, <c>$2</c>…</summary>
    /// <exception cref="GuestException">Its exit code is not 0; the text has what it said.</exception>
    public async Task<GuestResult> MustShellAsync(string text, params string[] values) => (await ShellAsync(text, values)).MustSucceed();

    /// <summary>Starts a command and goes on; the task ends with it. Started when this returns.</summary>
    public async Task<Task<GuestResult>> StartCommandAsync(GuestCommand command, CancellationToken cancellationToken = default)
    {
        long pid = await _agent.StartAsync(command, cancellationToken);
        return _agent.WaitAsync(command, pid, cancellationToken);
    }

    /// <summary>Copies a file of this host into the machine, with its mode; folders are made.</summary>
    public Task CopyInAsync(string path, string guestPath)
    {
        // Bytes that nobody reads would be taken for those of the next file, so a full disk does not stop the reading.
        const string Receive = """
            mkdir -p "$(dirname "$2")"
            head -c "$1" < "$4" | { cat > "$2" || { cat > /dev/null; false; }; } && chmod "$3" "$2"
            """;
        string size = $"{new FileInfo(path).Length}";
        string mode = Convert.ToString((int)File.GetUnixFileMode(path), 8);
        return _data.SendAsync(path, () => MustShellAsync(Receive, size, guestPath, mode, DataPort.Device));
    }

    /// <summary>Copies a file of the machine to this host.</summary>
    public async Task CopyOutAsync(string guestPath, string path)
    {
        long size = long.Parse((await MustRunAsync("stat", "-Lc", "%s", guestPath)).Text);
        await _data.ReceiveAsync(path, size, () => MustShellAsync("head -c \"$1\" \"$2\" > \"$3\"", $"{size}", guestPath, DataPort.Device));
    }

    /// <summary>Writes a small text file in the machine; folders are made.</summary>
    public async Task WriteTextAsync(string guestPath, string text) =>
        (await RunAsync(GuestCommand.Shell("mkdir -p \"$(dirname \"$1\")\" && cat > \"$1\"", guestPath) with { Stdin = Encoding.UTF8.GetBytes(text) }))
            .MustSucceed();

    /// <summary>Reads a small text file of the machine.</summary>
    public async Task<string> ReadTextAsync(string guestPath) => (await MustRunAsync("cat", guestPath)).Stdout;

    /// <summary>Whether something has this path in the machine.</summary>
    public async Task<bool> ExistsAsync(string guestPath) => (await RunAsync("test", "-e", guestPath)).ExitCode == 0;
}
