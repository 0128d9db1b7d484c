using Sleigh.Api;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>What becomes of a newly loaded configuration in a running daemon.</summary>
/// <param name="InForce">The new values where a running daemon takes them, the old ones elsewhere.</param>
/// <param name="Changed">Keys whose new value is in it.</param>
/// <param name="RestartNeeded">Keys whose new value is not.</param>
internal sealed record ReloadPlan(LoadedConfiguration InForce, IReadOnlyList<string> Changed, IReadOnlyList<string> RestartNeeded)
{
    internal static ReloadPlan Make(LoadedConfiguration running, LoadedConfiguration loaded)
    {
        SleighOptions options = loaded.Options;
        Dictionary<string, ShownSetting> before = running.Settings.ToDictionary(s => s.Key, StringComparer.Ordinal);
        List<string> changed = [], restart = [];
        foreach (Setting setting in SettingTable.All.Where(s => !s.IsSame(running.Options, loaded.Options)))
        {
            if (setting.Reload == ReloadEffect.Restart)
            {
                options = setting.Copy(running.Options, options);
                restart.Add(setting.Key);
            }
            else
            {
                changed.Add(setting.Key);
            }
        }

        return new ReloadPlan(
            new LoadedConfiguration(options, [.. loaded.Settings.Select(s => restart.Contains(s.Key) ? before[s.Key] : s)], loaded.Files), changed, restart);
    }
}
