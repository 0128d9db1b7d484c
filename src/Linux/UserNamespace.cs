using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// Makes user namespaces, and network namespaces that belong to one. A process with threads can do neither (unshare(2): CLONE_NEWUSER and setns(2) into a
/// user namespace are for processes with one thread), so util-linux does it in a process of its own that ends with this one: its standard input ends then.
/// </summary>
public static class UserNamespace
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The programs of util-linux and coreutils that are run.</summary>
    public static IReadOnlyList<string> Programs { get; } = ["unshare", "nsenter", "cat"];

    /// <summary>Makes a user namespace with a mapping of users and groups. It lives as long as the descriptor, a process in it, or what belongs to it.</summary>
    /// <exception cref="IOException">A program is missing, or the kernel refused: user.max_user_namespaces is 0, for one.</exception>
    public static SafeFileHandle Create(IReadOnlyList<IdRange> ranges)
    {
        using Holder holder = Holder.Start("make a user namespace", "unshare", "--user", "--", "cat");
        string map = string.Join('\n', ranges) + "\n";
        File.WriteAllText($"/proc/{holder.Id}/uid_map", map);
        File.WriteAllText($"/proc/{holder.Id}/gid_map", map);
        return Files.Open($"/proc/{holder.Id}/ns/user", OpenFlags.ReadOnly);
    }

    /// <summary>Makes a network namespace that belongs to a user namespace.</summary>
    /// <param name="owner">Opened by <see cref="Create"/>.</param>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public static SafeFileHandle CreateNetwork(SafeFileHandle owner)
    {
        using Holder holder = Holder.Start(
            "make a network namespace in a user namespace", "nsenter", $"--user={PathOf(owner)}", "--", "unshare", "--net", "--", "cat");
        return Files.Open($"/proc/{holder.Id}/ns/net", OpenFlags.ReadOnly);
    }

    /// <summary>A path by which another process of root's can open a descriptor of this one while it is open here.</summary>
    public static string PathOf(SafeFileHandle handle) => $"/proc/{Environment.ProcessId}/fd/{Descriptors.Number(handle)}";

    /// <summary>The mapping of a process's user namespace; that of all ids to themselves where it has none of its own.</summary>
    /// <exception cref="IOException">The process is gone.</exception>
    public static IReadOnlyList<IdRange> MapOf(int processId) => IdRange.Parse(File.ReadAllText($"/proc/{processId}/uid_map"));

    /// <summary>A process that does nothing but be there: what it is sent comes back once its namespaces are made.</summary>
    private sealed class Holder : IDisposable
    {
        private readonly Process _process;

        private Holder(Process process) => _process = process;

        public int Id => _process.Id;

        public static Holder Start(string action, string program, params ReadOnlySpan<string> arguments)
        {
            ProcessStartInfo start = new(program)
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
            };
            foreach (string argument in arguments)
            {
                start.ArgumentList.Add(argument);
            }

            try
            {
                Holder holder = new(Process.Start(start)!);
                try
                {
                    holder.Await(action);
                    return holder;
                }
                catch (IOException)
                {
                    holder.Dispose();
                    throw;
                }
            }
            catch (Win32Exception e)
            {
                throw new IOException($"{action}: '{program}' cannot be started: {e.Message}", e);
            }
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            _process.WaitForExit();
            _process.Dispose();
        }

        private void Await(string action)
        {
            try
            {
                _process.StandardInput.Write('.');
                _process.StandardInput.Flush();
            }
            catch (IOException)
            {
                // It has ended already; below it says why.
            }

            using CancellationTokenSource limit = new(Patience);
            byte[] answer = new byte[1];
            try
            {
                if (_process.StandardOutput.BaseStream.ReadAsync(answer, limit.Token).AsTask().GetAwaiter().GetResult() == 1)
                {
                    return;
                }
            }
            catch (OperationCanceledException)
            {
                throw new IOException($"{action}: {_process.StartInfo.FileName} did not answer within {Patience.TotalSeconds} s");
            }

            throw new IOException($"{action}: {_process.StandardError.ReadToEnd().Trim()}");
        }
    }
}
