using System.Diagnostics;

namespace Sleigh.IntegrationTests.Init;

/// <summary>A program run on the host for a test.</summary>
internal static class HostCommand
{
    public static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
