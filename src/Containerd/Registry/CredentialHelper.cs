using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Sleigh.Containerd;

/// <summary>Asks one of docker's credential helpers: <c>docker-credential-NAME get</c>, the server's name on its standard input.</summary>
internal static class CredentialHelper
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>The login, or none and why.</summary>
    public static async Task<LoginAnswer> GetAsync(string name, string server, CancellationToken cancellationToken)
    {
        string program = "docker-credential-" + name;
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            return new LoginAnswer(null, $"docker's configuration names the helper '{RegistryErrorText.Clean(program)}', which is no program's name");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            (int status, string output) = await RunAsync(program, server, limit.Token);
            return status == 0
                ? Parse(output, program)
                : new LoginAnswer(null, IsNotFound(output) ? null : $"{program} failed for {server}: {RegistryErrorText.Clean(output)}");
        }
        catch (Win32Exception)
        {
            return new LoginAnswer(null, $"docker's configuration names the helper {program}, which is not installed");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new LoginAnswer(null, $"{program} gave no answer for {server} within {Limit.TotalSeconds:0} s");
        }
    }

    /// <summary>Reads a helper's answer.</summary>
    public static LoginAnswer Parse(string json, string program)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            string user = document.RootElement.GetProperty("Username").GetString() ?? "";
            string secret = document.RootElement.GetProperty("Secret").GetString() ?? "";

            // This user name says that the secret is an identity token.
            return new LoginAnswer(
                user == "<token>" ? new RegistryLogin { IdentityToken = secret } : new RegistryLogin { Username = user, Password = secret }, null);
        }
        catch (Exception ex) when (ex is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new LoginAnswer(null, $"{program} gave an answer that is not the JSON of a login");
        }
    }

    private static bool IsNotFound(string output) => output.Contains("credentials not found", StringComparison.OrdinalIgnoreCase);

    private static async Task<(int Status, string Output)> RunAsync(string program, string server, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program)
        {
            ArgumentList = { "get" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            Task<string> complaint = process.StandardError.ReadToEndAsync(cancellationToken);
            try
            {
                await process.StandardInput.WriteLineAsync(server.AsMemory(), cancellationToken);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading; its status tells.
            }

            await process.WaitForExitAsync(cancellationToken);
            string text = (await output).Trim();
            return (process.ExitCode, text.Length > 0 ? text : (await complaint).Trim());
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
