using System.Collections;
using Sleigh.Daemon.Configuration;
using Sleigh.Runtime;

namespace Sleigh.Daemon;

/// <summary>sleighd: reads the configuration, opens the runtime, serves until told to stop. Sandboxes live on after it.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        if (!DaemonArguments.TryParse(args, out DaemonArguments? arguments, out string problem))
        {
            await Console.Error.WriteLineAsync($"sleighd: {problem}\n\n{DaemonArguments.Usage}");
            return ExitCode.Usage;
        }

        try
        {
            return arguments.Verb switch
            {
                DaemonVerb.Help => Say(DaemonArguments.Usage),
                DaemonVerb.Version => Say($"sleighd {VersionOf.ThisBuild}"),
                DaemonVerb.CheckConfig => Load(arguments) is not null ? Say("the configuration is good") : ExitCode.Configuration,
                DaemonVerb.Doctor => await DoctorRun.RunAsync(() => Load(arguments), arguments.Json, Console.Out),
                DaemonVerb.StopAll => await Server.StopAllAsync(Load(arguments).Options),
                DaemonVerb.Quiesce => await Quiescence.RunAsync(Load(arguments).Options),
                _ => await Server.RunAsync(Load(arguments)),
            };
        }
        catch (ConfigurationException e)
        {
            foreach (ConfigurationError error in e.Errors)
            {
                await Console.Error.WriteLineAsync($"sleighd: {error}");
            }

            return ExitCode.Configuration;
        }
        catch (StartException e)
        {
            await Console.Error.WriteLineAsync($"sleighd: {e.Message}");
            return ExitCode.Of(e.Kind);
        }
        catch (ListenException e)
        {
            await Console.Error.WriteLineAsync($"sleighd: {e.Message}");
            return ExitCode.Listen;
        }
    }

    private static LoadedConfiguration Load(DaemonArguments arguments) => SleighConfiguration.LoadWithSources(
        arguments.ConfigPath,
        arguments.ConfigPath is null ? null : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(arguments.ConfigPath)) ?? "/", "sleigh.d"),
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? string.Empty));

    private static int Say(string text)
    {
        Console.WriteLine(text);
        return ExitCode.Success;
    }
}
