using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sleigh.Runtime.Tests.Reading;

/// <summary>
/// Runs real programs in a folder of their own, without root's rights, and says which of the runs have written there: made a file, removed
/// one, or put another in its place. The files that are there cannot be opened for writing.
/// </summary>
internal sealed class ProgramRuns : IDisposable
{
    private const string Begin = """
        umask 022
        mkdir -- "$1/tree" "$1/kept" && cd -- "$1/tree" || exit 1
        printf 'a/b we\nx y\nw f\n[c] e\n' > ../kept/in.txt
        printf 'w f\n' > ../kept/s.sed
        chmod 444 ../kept/*
        ln ../kept/* .
        look() {
            set -- *
            if [ "$*" != 'in.txt s.sed' ] || ! [ in.txt -ef ../kept/in.txt ] || ! [ s.sed -ef ../kept/s.sed ]; then
                echo "$n"
                rm -rf -- ./*
                ln ../kept/* .
            fi
        }

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-read-").FullName;

    public ProgramRuns() => File.SetUnixFileMode(_folder, (UnixFileMode)0x1FF);

    /// <summary>Runs each, for a fifth of a second at most; gives the indexes of those that wrote.</summary>
    public async Task<int[]> WritersAsync(string program, IReadOnlyList<string[]> runs)
    {
        StringBuilder script = new(Begin);
        for (int i = 0; i < runs.Count; i++)
        {
            string arguments = string.Join(' ', runs[i].Select(a => $"'{a.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
            script.Append(CultureInfo.InvariantCulture, $"n={i}; timeout 0.2 {program} {arguments} > /dev/null 2>&1 < /dev/null; look\n");
        }

        string folder = Directory.CreateDirectory(Path.Combine(_folder, Guid.NewGuid().ToString("N"))).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0x1FF);
        string file = Path.Combine(folder, "runs.sh");
        await File.WriteAllTextAsync(file, script.ToString());
        string[] command = ["sh", file, folder];
        if (Environment.IsPrivilegedProcess)
        {
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", .. command];
        }

        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start)!;
        string said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
