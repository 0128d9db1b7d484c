using System.Diagnostics.CodeAnalysis;

namespace Sleigh.Daemon;

/// <summary>The command line of sleighd.</summary>
internal sealed record DaemonArguments(DaemonVerb Verb, string? ConfigPath, bool Json = false)
{
    public const string DefaultConfigPath = "/etc/sleigh/sleigh.yaml";

    public const string Usage = """
        usage: sleighd [--config FILE]             serve until SIGTERM; sandboxes live on
               sleighd quiesce [--config FILE]     end all that runs, unmount; sandboxes and their files stay; no sleighd may be running
               sleighd stop-all [--config FILE]    delete all sandboxes and end the private containerd; no sleighd may be running
               sleighd doctor [-o json] [--config FILE]
                                                   check this host; reads only, with or without a running sleighd
               sleighd --check-config [--config FILE]
               sleighd show-config [-o json] [--config FILE]    each key with its value and where that comes from
               sleighd --version | --help

        Settings come from FILE (/etc/sleigh/sleigh.yaml where it exists), from sleigh.d/*.yaml beside it, and from
        SLEIGH_SECTION_KEY environment variables; the later ones win.
        """;

    public static bool TryParse(string[] args, [NotNullWhen(true)] out DaemonArguments? arguments, out string problem)
    {
        DaemonVerb verb = DaemonVerb.Serve;
        bool json = false;
        string? config = File.Exists(DefaultConfigPath) ? DefaultConfigPath : null;
        problem = string.Empty;
        arguments = null;
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--config" when i + 1 < args.Length:
                    config = args[++i];
                    break;
                case "--config":
                    problem = "--config needs a file";
                    return false;
                case "--check-config":
                    verb = DaemonVerb.CheckConfig;
                    break;
                case "--version":
                    verb = DaemonVerb.Version;
                    break;
                case "--help" or "-h":
                    verb = DaemonVerb.Help;
                    break;
                case "quiesce" when i == 0:
                    verb = DaemonVerb.Quiesce;
                    break;
                case "show-config" when i == 0:
                    verb = DaemonVerb.ShowConfig;
                    break;
                case "stop-all" when i == 0:
                    verb = DaemonVerb.StopAll;
                    break;
                case "doctor" when i == 0:
                    verb = DaemonVerb.Doctor;
                    break;
                case "-o" when (verb is DaemonVerb.Doctor or DaemonVerb.ShowConfig) && i + 1 < args.Length && args[i + 1] is "json" or "table":
                    json = args[++i] == "json";
                    break;
                case "-o" when verb is DaemonVerb.Doctor or DaemonVerb.ShowConfig:
                    problem = "-o needs json or table";
                    return false;
                default:
                    problem = $"unknown argument '{args[i]}'";
                    return false;
            }
        }

        arguments = new DaemonArguments(verb, config, json);
        return true;
    }
}
