namespace Sleigh.Network.Tests;

public sealed class ProgramRunTests
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    [Fact]
    public async Task A_program_that_takes_too_long_is_ended_and_that_is_an_IOException()
    {
        IOException error = await Assert.ThrowsAsync<IOException>(() => ProgramRun.RunAsync(
            [], ProgramRun.Find("sleep")!, ["1000"], "", None, TimeSpan.FromMilliseconds(100), CancellationToken.None));

        Assert.EndsWith("/sleep was not done after 0.1 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_ip_wrote_and_nobody_can_read_is_an_IOException()
    {
        string folder = Directory.CreateTempSubdirectory("sleigh-ip-").FullName;
        string? path = Environment.GetEnvironmentVariable("PATH");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "ip"), "#!/bin/sh\necho '[{}]'\n");
            File.SetUnixFileMode(Path.Combine(folder, "ip"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
            Environment.SetEnvironmentVariable("PATH", $"{folder}:{path}");

            IOException error = await Assert.ThrowsAsync<IOException>(() => HostLook.TakeAsync(new NetworkPlace(null), CancellationToken.None));

            Assert.StartsWith("an interface without ifname in '[{}]", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
            Directory.Delete(folder, recursive: true);
        }
    }
}
