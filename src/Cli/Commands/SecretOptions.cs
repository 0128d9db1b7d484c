using System.Text.Json.Nodes;

namespace Sleigh.Cli.Commands;

/// <summary>
/// Options of the form <c>NAME=@FILE</c>, <c>NAME=@-</c> (standard input) and <c>NAME</c> (a variable of this process). The value itself is
/// not taken: every user of the host sees the command lines of all processes.
/// </summary>
internal static class SecretOptions
{
    /// <summary>What help says of the option.</summary>
    public const string Form = "NAME=@FILE";

    private const int MostBytes = 64 * 1024;

    /// <summary>An object of names and values; one line end behind a file's text is dropped.</summary>
    /// <param name="given">What was typed.</param>
    /// <param name="host">Looks up variables.</param>
    /// <param name="input">Standard input; null where the command needs it for itself.</param>
    /// <exception cref="CliException">One cannot be read, or is a value.</exception>
    public static JsonObject? Read(string[]? given, CommandHost host, Stream? input)
    {
        if (given is not { Length: > 0 })
        {
            return null;
        }

        JsonObject read = [];
        foreach (string one in given)
        {
            int equals = one.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? one : one[..equals];
            string? source = equals < 0 ? null : one[(equals + 1)..];
            if (name.Length == 0 || source is { Length: 0 or 1 } || source?.StartsWith('@') is false)
            {
                // Not repeated: it may hold the value.
                throw new CliException(
                    ExitCode.Usage, "--secret must be NAME=@FILE, NAME=@- or NAME alone, which takes the variable of that name",
                    "a value on the command line can be seen by every user of this host");
            }

            read[name] = source switch
            {
                null => host.EnvironmentVariable(name) ?? throw new CliException(ExitCode.Usage, $"--secret {name} is not set here; write {name}=@FILE"),
                "@-" => FromStream(name, "standard input", input ?? throw new CliException(ExitCode.Usage, $"--secret {name}=@- cannot read standard input, which is the command's")),
                _ => FromFile(name, source[1..]),
            };
        }

        return read;
    }

    private static string FromFile(string name, string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return FromStream(name, path, file);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Usage, $"--secret {name}: {path} cannot be read: {ex.Message}");
        }
    }

    private static string FromStream(string name, string what, Stream stream)
    {
        byte[] buffer = new byte[MostBytes + 1];
        int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        if (length > MostBytes)
        {
            throw new CliException(ExitCode.Usage, $"--secret {name}: {what} has more than {MostBytes} bytes");
        }

        string text;
        try
        {
            text = new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetString(buffer, 0, length);
        }
        catch (System.Text.DecoderFallbackException)
        {
            throw new CliException(ExitCode.Usage, $"--secret {name}: {what} is no UTF-8 text");
        }

        return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
    }
}
