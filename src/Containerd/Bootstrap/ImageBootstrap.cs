using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipelines;

namespace Sleigh.Containerd;

/// <summary>
/// Makes an image from Debian packages with the program mmdebstrap, so that a host without a registry has images. Sources, proxies
/// and certificates are those of the host's apt; none of them stays in the image but its sources.list. Needs root.
/// </summary>
public sealed class ImageBootstrap
{
    private static readonly string[] NetworkWords =
    [
        "Temporary failure resolving", "Could not resolve", "Could not connect", "Unable to connect", "Connection timed out", "Network is unreachable",
    ];

    private static readonly ImageConfig Config = new()
    {
        Env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        Cmd = ["/bin/bash"],
        WorkingDir = "/",
    };

    private const int RemoveAttempts = 50;

    private readonly ImageStore _store;
    private readonly string _workFolder;

    /// <summary>Makes the bootstrapper.</summary>
    /// <param name="store">Where the image goes.</param>
    /// <param name="workFolder">A directory on a disk with room for the image twice, mounted without <c>nodev</c> and <c>noexec</c>.</param>
    public ImageBootstrap(ImageStore store, string workFolder)
    {
        _store = store;
        _workFolder = workFolder;
    }

    /// <summary>The program, by name or path.</summary>
    public string Program { get; init; } = "mmdebstrap";

    /// <summary>Makes the image; a name that exists then points to the new one.</summary>
    /// <param name="request">What to make.</param>
    /// <param name="progress">Told each line that mmdebstrap writes, for a terminal or a log.</param>
    /// <param name="cancellationToken">Stops, and leaves nothing.</param>
    /// <returns>The image.</returns>
    /// <exception cref="ImageException">One sentence on why it could not be made.</exception>
    public async Task<ImageSummary> BootstrapAsync(BootstrapRequest request, Action<string>? progress = null, CancellationToken cancellationToken = default)
    {
        request.Check();
        string folder = Path.Combine(_workFolder, $"bootstrap-{Guid.NewGuid():N}"[..18]);
        Directory.CreateDirectory(folder);
        try
        {
            string root = Path.Combine(folder, "root.tar");
            await MakeRootAsync(request, folder, root, progress ?? (static _ => { }), cancellationToken);
            string name = await ImportAsync(root, request.Name, cancellationToken);
            return await _store.FindAsync(name, cancellationToken)
                ?? throw new ImageException(ImageErrorKind.NotFound, $"the image '{name}' was removed while it was made");
        }
        finally
        {
            await RemoveAsync(folder);
        }
    }

    // A program that was ended may have left children that write for a moment longer.
    private static async Task RemoveAsync(string folder)
    {
        for (int attempt = 1; Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException) when (attempt < RemoveAttempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
            }
        }
    }

    private async Task MakeRootAsync(
        BootstrapRequest request, string folder, string target, Action<string> progress, CancellationToken cancellationToken)
    {
        string settings = Path.Combine(folder, "apt.conf");
        await File.WriteAllTextAsync(settings, AptSettings.Inherit(await DumpAptAsync(cancellationToken)), cancellationToken);
        if (!IsInstalled(Program))
        {
            throw NotInstalled(Program, null);
        }

        // In a mount namespace of its own: what it mounts below the folder (/proc, /dev) goes with it, however it ends, and can
        // never be in the way when the folder is removed. A slave of the host's, so that what is unmounted there meanwhile is not kept.
        var start = new ProcessStartInfo("unshare")
        {
            ArgumentList =
            {
                "--mount",
                "--propagation=slave",
                "--",
                Program,
                "--mode=root",
                "--format=tar",
                "--skip=output/dev",
                $"--variant={request.Variant}",
                $"--aptopt={settings}",
                "--aptopt=APT::Sandbox::User \"root\"",
                // A power loss half-way leaves nothing to keep, so nothing needs to be synced.
                "--dpkgopt=force-unsafe-io",
                "--dpkgopt=path-exclude=/usr/share/man/*",
                "--dpkgopt=path-exclude=/usr/share/locale/*",
                "--dpkgopt=path-exclude=/usr/share/doc/*",
                "--dpkgopt=path-include=/usr/share/doc/*/copyright",

                // The image's own apt and dpkg are to behave as anywhere, and a proxy's password is not for the image.
                "--customize-hook=rm -f \"$1/etc/apt/apt.conf.d/99mmdebstrap\" \"$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap\"",
                "--customize-hook=rm -rf \"$1\"/var/log/apt \"$1\"/var/log/*.log \"$1\"/var/cache/debconf/*-old",
                "--customize-hook=rm -f \"$1/etc/resolv.conf\" && : > \"$1/etc/resolv.conf\" && : > \"$1/etc/hostname\"",
            },
            Environment = { ["TMPDIR"] = folder, ["LC_ALL"] = "C.UTF-8", ["DEBIAN_FRONTEND"] = "noninteractive" },
        };
        if (request.Include.Count > 0)
        {
            start.ArgumentList.Add($"--include={string.Join(',', request.Include)}");
        }

        start.ArgumentList.Add(request.Suite);
        start.ArgumentList.Add(target);
        foreach (string mirror in request.Mirrors.Count > 0 ? request.Mirrors : await SourcesAsync(request.Suite, folder, cancellationToken))
        {
            start.ArgumentList.Add(mirror);
        }

        (int status, IReadOnlyList<string> lines) = await RunAsync(start, progress, cancellationToken);
        if (status != 0 || !File.Exists(target))
        {
            throw new ImageException(ImageErrorKind.ToolFailed, Explain(request, lines));
        }
    }

    /// <summary>One sentence from the last lines of mmdebstrap.</summary>
    internal static string Explain(BootstrapRequest request, IReadOnlyList<string> lines)
    {
        string? network = lines.FirstOrDefault(l => NetworkWords.Any(w => l.Contains(w, StringComparison.OrdinalIgnoreCase)));
        if (network is not null)
        {
            return $"the packages of '{request.Suite}' cannot be fetched: {network.Trim()}";
        }

        // apt's own complaint says more than the one of the program above it.
        string? complaint = lines.FirstOrDefault(l => l.StartsWith("E: ", StringComparison.Ordinal) && !l.Contains(" failed", StringComparison.Ordinal))
            ?? lines.LastOrDefault(l => l.StartsWith("E: ", StringComparison.Ordinal))
            ?? lines.LastOrDefault(l => l.Trim().Length > 0);
        return $"mmdebstrap could not make '{request.Suite}': {complaint?.Trim() ?? "it said nothing"}";
    }

    private static ImageException NotInstalled(string program, Exception? cause) =>
        new(ImageErrorKind.ToolFailed, $"there is no program {program}; install mmdebstrap to make images from packages", cause);

    private static bool IsInstalled(string program) => program.Contains('/', StringComparison.Ordinal)
        ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<(int Status, IReadOnlyList<string> Lines)> RunAsync(
        ProcessStartInfo start, Action<string> progress, CancellationToken cancellationToken)
    {
        try
        {
            return await ToolRun.RunAsync(start, progress, cancellationToken);
        }
        catch (Win32Exception ex)
        {
            throw NotInstalled(start.FileName, ex);
        }
    }

    private static async Task<string> DumpAptAsync(CancellationToken cancellationToken)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("apt-config") { ArgumentList = { "dump" }, RedirectStandardOutput = true })!;
            string text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return text;
        }
        catch (Win32Exception)
        {
            // A host without apt has nothing to inherit.
            return "";
        }
    }

    /// <summary>Files with the host's sources for a suite; none where it has none, which leaves the choice to mmdebstrap.</summary>
    private static async Task<IReadOnlyList<string>> SourcesAsync(string suite, string folder, CancellationToken cancellationToken)
    {
        const string Parts = "/etc/apt/sources.list.d";
        string[] parts = Directory.Exists(Parts) ? [.. Directory.EnumerateFiles(Parts).Order(StringComparer.Ordinal)] : [];
        string lines = "";
        string paragraphs = "";
        foreach (string file in parts.Prepend("/etc/apt/sources.list").Where(File.Exists))
        {
            string text = await File.ReadAllTextAsync(file, cancellationToken);
            if (file.EndsWith(".sources", StringComparison.Ordinal))
            {
                string selected = AptSettings.SelectParagraphs(text, suite);
                paragraphs += paragraphs.Length > 0 && selected.Length > 0 ? "\n" + selected : selected;
            }
            else if (file.EndsWith(".list", StringComparison.Ordinal))
            {
                lines += AptSettings.SelectLines(text, suite);
            }
        }

        List<string> files = [];
        foreach ((string name, string text) in new[] { ("host.sources", paragraphs), ("host.list", lines) })
        {
            if (text.Length > 0)
            {
                files.Add(Path.Combine(folder, name));
                await File.WriteAllTextAsync(files[^1], text, cancellationToken);
            }
        }

        return files;
    }

    private async Task<string> ImportAsync(string root, string name, CancellationToken cancellationToken)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 8 << 20, resumeWriterThreshold: 4 << 20, useSynchronizationContext: false));
        Task writing = WriteAsync(pipe.Writer, root, name, cancellationToken);
        try
        {
            await using Stream archive = pipe.Reader.AsStream();
            return (await _store.ImportAsync(archive, name, cancellationToken))[0];
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await writing;
        }
    }

    private static async Task WriteAsync(PipeWriter writer, string root, string name, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream stream = writer.AsStream(leaveOpen: true);
            await OciImageWriter.WriteAsync(stream, name, Config, [root], cancellationToken);
            await writer.CompleteAsync();
        }
        catch (Exception ex) when (ex is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The reading side gets it, and says more: it is the one that knows why.
            await writer.CompleteAsync(ex);
        }
    }
}
