using System.ComponentModel;
using System.Diagnostics;

namespace Sleigh.Runtime.Checks;

/// <summary>Programs of the host: where they are and which version they say they have.</summary>
internal static class HostTool
{
    private const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The path of a program that is named by a path, or lies in PATH or in the usual folders; null when there is none.</summary>
    public static string? Find(string program) => program.Contains('/', StringComparison.Ordinal)
        ? File.Exists(program) ? program : null
        : $"{Environment.GetEnvironmentVariable("PATH")}:{UsualPath}".Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>The first line that <c>PROGRAM --version</c> writes; null when it cannot be run or writes nothing.</summary>
    public static async Task<string?> VersionAsync(string path, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        try
        {
            using Process process = Process.Start(start)!;
            await using CancellationTokenRegistration kill = cancellationToken.Register(process.Kill);
            process.StandardInput.Close();
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
            string text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await errors;
            return text.Split('\n')[0].Trim() is { Length: > 0 } line ? line : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>The first word of a text that looks like a version: it begins with a figure, or with <c>v</c> and a figure; null without one.</summary>
    public static string? VersionIn(string? text) => text?
        .Split([' ', '\t', '\n', ','], StringSplitOptions.RemoveEmptyEntries)
        .Select(word => word.StartsWith('v') ? word[1..] : word)
        .FirstOrDefault(word => word.Length > 0 && char.IsAsciiDigit(word[0]) && word.Contains('.', StringComparison.Ordinal));

    /// <summary>Major and minor number of a version such as <c>1.6.20~ds1</c>; null when they cannot be read.</summary>
    public static Version? Number(string? version)
    {
        string[] parts = (version ?? "").TrimStart('v').Split('.', '-', '~', '+');
        return parts.Length >= 2 && Version.TryParse($"{parts[0]}.{parts[1]}", out Version? number) ? number : null;
    }
}
