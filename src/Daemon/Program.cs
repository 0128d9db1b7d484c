using System.Collections;
using Sleigh.Daemon.Configuration;
using Sleigh.Linux.Systemd;

namespace Sleigh.Daemon;

/// <summary>sleighd: reads the configuration, opens the runtime, serves until told to stop. Sandboxes live on after it.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        SystemdNotify systemd = SystemdNotify.FromEnvironment();
        if (!DaemonArguments.TryParse(args, out DaemonArguments? arguments, out string problem))
        {
            systemd.Failed(problem);
            await Console.Error.WriteLineAsync($"sleighd: {problem}\n\n{DaemonArguments.Usage}");
            return ExitCode.Usage;
        }

        try
        {
            return arguments.Verb switch
            {
                DaemonVerb.Help => Say(DaemonArguments.Usage),
                DaemonVerb.Version => Say($"sleighd {VersionOf.ThisBuild}"),
                DaemonVerb.CheckConfig => Say(ConfigurationText.Good(Load(arguments))),
                DaemonVerb.ShowConfig => Say(ConfigurationText.Show(Load(arguments), arguments.Json)),
                DaemonVerb.Doctor => await DoctorRun.RunAsync(() => Load(arguments), arguments.Json, Console.Out),
                DaemonVerb.StopAll => await Server.StopAllAsync(Load(arguments).Options),
                DaemonVerb.Quiesce => await Quiescence.RunAsync(Load(arguments).Options),
                _ => await Server.RunAsync(() => Load(arguments), systemd),
            };
        }
        catch (Exception e) when (FailedEnd.Of(e) is var end)
        {
            // The edge of the program: whatever went wrong becomes one sentence and an exit code.
            systemd.Failed(end.Status, end.Errno);
            foreach (string sentence in end.Sentences)
            {
                await Console.Error.WriteLineAsync($"sleighd: {sentence}");
            }

            return end.ExitCode;
        }
    }

    private static LoadedConfiguration Load(DaemonArguments arguments) => SleighConfiguration.LoadWithSources(
        arguments.ConfigPath,
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(arguments.ConfigPath ?? DaemonArguments.DefaultConfigPath)) ?? "/", "sleigh.d"),
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? string.Empty));

    private static int Say(string text)
    {
        Console.WriteLine(text);
        return ExitCode.Success;
    }
}
