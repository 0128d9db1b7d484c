using System.Diagnostics;
using System.Globalization;
using Sleigh.Cgroups;
using Sleigh.Runtime.Slots;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Looks for shims among the host's processes, with processes that only call themselves so.</summary>
public sealed class ForgottenTaskTests
{
    [HostFact(Need.Root)]
    public async Task A_shim_is_a_process_of_our_own_namespace_whose_name_and_options_stand_at_the_beginning()
    {
        (string plain, string late, string inside) = ($"slot-{Guid.NewGuid():N}", $"slot-{Guid.NewGuid():N}", $"slot-{Guid.NewGuid():N}");
        using Process one = await StartAsync("", $"-id {plain}");
        using Process two = await StartAsync("", $"{new string('x', 5000)} -id {late}");
        using Process three = await StartAsync("unshare --pid --fork --kill-child ", $"-id {inside}");
        try
        {
            string[] found = [.. ForgottenTask.Shims().Where(shim => shim.Socket == "/sock").Select(shim => shim.Container)];

            Assert.Equal([plain], found.Intersect([plain, late, inside]));
        }
        finally
        {
            await EndAsync(one, two, three);
        }
    }

    [HostFact(Need.Root)]
    public async Task What_comes_again_and_again_is_given_up()
    {
        string id = $"slot-{Guid.NewGuid():N}";

        // Several, so that there is one at each look.
        using Process again = Start(
            $"exec 3<&0 2>/dev/null; for i in 1 2 3 4 5 6; do while :; do bash -c \"exec -a containerd-shim-none bash -c 'read -r x' -id {id}\" <&3; read -r -t 0 <&3 && exit; done & done; wait");
        try
        {
            await Assert.ThrowsAsync<TimeoutException>(() => ForgottenTask.RemoveAsync(
                id, CgroupHierarchy.Detect(), "/sleigh-none/init", TimeSpan.FromSeconds(1), CancellationToken.None));
        }
        finally
        {
            await EndAsync(again);
        }
    }

    private static async Task<Process> StartAsync(string before, string arguments)
    {
        Process process = Start(string.Create(CultureInfo.InvariantCulture,
            $"{before}bash -c \"exec -a containerd-shim-none bash -c 'echo ready; read -r x' -namespace sleigh -address /sock {arguments}\""));
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync());
        return process;
    }

    private static Process Start(string script) => Process.Start(
        new ProcessStartInfo("bash") { ArgumentList = { "-c", script }, RedirectStandardInput = true, RedirectStandardOutput = true })!;

    // They wait for the end of their input.
    private static async Task EndAsync(params Process[] processes)
    {
        foreach (Process process in processes)
        {
            process.StandardInput.Close();
            await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
        }
    }
}
