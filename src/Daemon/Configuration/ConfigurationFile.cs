using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Daemon.Configuration;

/// <summary>Reads the text of a configuration file.</summary>
internal static class ConfigurationFile
{
    internal const int MaxBytes = 1024 * 1024;

    /// <summary>The text; null, and an error added, when it cannot be had.</summary>
    internal static string? Read(string path, List<ConfigurationError> errors)
    {
        try
        {
            // Non-blocking: opening a named pipe would wait for its writer.
            using SafeFileHandle file = Files.Open(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
            if (Files.Stat(file).Type != FileType.Regular)
            {
                errors.Add(new ConfigurationError(path, null, null, "the configuration is not a regular file"));
                return null;
            }

            byte[] bytes = new byte[MaxBytes + 1];
            int length = 0;
            for (int read = 1; read > 0 && length < bytes.Length; length += read)
            {
                read = RandomAccess.Read(file, bytes.AsSpan(length), length);
            }

            if (length > MaxBytes)
            {
                errors.Add(new ConfigurationError(path, null, null, "the configuration is larger than 1 MiB"));
                return null;
            }

            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
        }
        catch (KernelException ex)
        {
            errors.Add(new ConfigurationError(path, null, null, $"the configuration cannot be read: {KernelException.Describe(ex.Errno)}"));
        }
        catch (DecoderFallbackException)
        {
            errors.Add(new ConfigurationError(path, null, null, "the configuration is not UTF-8 text"));
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            errors.Add(new ConfigurationError(path, null, null, $"the configuration cannot be read: {ex.Message}"));
        }

        return null;
    }
}
