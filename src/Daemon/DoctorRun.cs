using Sleigh.Api.Views;
using Sleigh.Daemon.Configuration;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon;

/// <summary><c>sleighd doctor</c>: the checks of the host without opening anything. A bad configuration is a check that failed; the others then go by the defaults.</summary>
internal static class DoctorRun
{
    /// <returns>0, or <see cref="ExitCode.CheckFailed"/>.</returns>
    public static async Task<int> RunAsync(Func<LoadedConfiguration> load, bool json, TextWriter output)
    {
        (DoctorCheck configuration, SleighOptions options) = Configuration(load);
        Doctor doctor = new(() => options, serves: false, TimeProvider.System);
        DoctorCheck[] checks = [configuration, .. await doctor.ExamineAsync(CancellationToken.None)];
        await output.WriteLineAsync(json ? DoctorView.Text(checks) : Lines(checks));
        return checks.Any(c => c.Result == "fail") ? ExitCode.CheckFailed : ExitCode.Success;
    }

    private static (DoctorCheck Check, SleighOptions Options) Configuration(Func<LoadedConfiguration> load)
    {
        try
        {
            LoadedConfiguration loaded = load();
            int changed = loaded.Settings.Count(s => s.Source != "default");
            return (new DoctorCheck("configuration", "ok", $"good; {changed} of {loaded.Settings.Count} settings are not at their default", null), loaded.Options);
        }
        catch (ConfigurationException e)
        {
            string more = e.Errors.Count > 1 ? $"; and {e.Errors.Count - 1} more" : "";
            return (
                new DoctorCheck("configuration", "fail", $"{e.Errors[0]}{more}; the checks below go by the defaults", "sleighctl config check shows all errors"),
                new SleighOptions());
        }
    }

    private static string Lines(IReadOnlyList<DoctorCheck> checks)
    {
        int width = checks.Max(c => c.Name.Length);
        return string.Join('\n', checks.Select(c =>
            $"{c.Result,-4}  {c.Name.PadRight(width)}  {c.Seen}" + (c.Remedy is null ? "" : $"\n{new string(' ', width + 8)}-> {c.Remedy}")));
    }
}
