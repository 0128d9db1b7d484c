using Microsoft.Extensions.Logging;
using Sleigh.Api;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>The configuration in force, and its reload: a good one replaces it as far as it can, a bad one changes nothing.</summary>
internal sealed partial class DaemonConfiguration : IConfiguration
{
    private readonly Func<LoadedConfiguration> _load;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile LoadedConfiguration _inForce;
    private volatile ConfigurationState _state;

    /// <summary>Begins with what the start loaded.</summary>
    /// <param name="first">The configuration of the start.</param>
    /// <param name="options">The settings that the program reads.</param>
    /// <param name="load">Loads and checks everything again.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of each reload.</param>
    public DaemonConfiguration(LoadedConfiguration first, LiveOptions options, Func<LoadedConfiguration> load, TimeProvider time, ILogger logger)
    {
        (_inForce, Options, _load, _time, _logger) = (first, options, load, time, logger);
        _state = new ConfigurationState(time.GetUtcNow(), null, []);
    }

    /// <summary>The settings that the program reads.</summary>
    public LiveOptions Options { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ShownSetting> Settings => _inForce.Settings;

    /// <inheritdoc/>
    public ConfigurationState State => _state;

    /// <summary>Called before a reload begins, and after it with the reason when it was refused; the service manager wants to know.</summary>
    public (Action Begins, Action<string?> Ends) Watch { get; set; } = (() => { }, _ => { });

    /// <inheritdoc/>
    public Task<ReloadResult> ReloadAsync() => Task.Run(Reload);

    private ReloadResult Reload()
    {
        lock (_lock)
        {
            Watch.Begins();
            ReloadResult result = Load(out ReloadPlan? plan);
            if (plan is null)
            {
                foreach (string error in result.Errors)
                {
                    Refused(_logger, error);
                }

                _state = _state with { Refused = result.Refusal };
            }
            else
            {
                _inForce = plan.InForce;
                Options.Replace(plan.InForce.Options);
                _state = new ConfigurationState(_time.GetUtcNow(), null, plan.RestartNeeded);
                Reloaded(_logger, Names(plan.Changed), Names(plan.RestartNeeded));
            }

            Watch.Ends(result.Refusal);
            return result;
        }
    }

    private ReloadResult Load(out ReloadPlan? plan)
    {
        plan = null;
        try
        {
            ReloadPlan made = ReloadPlan.Make(_inForce, _load());

            // Values that go together in the files may not go together with those that only a restart changes.
            string[] errors = [.. SleighConfiguration.CrossChecks(made.InForce.Options).Select(e => $"{e}, as long as sleighd is not restarted")];
            plan = errors.Length == 0 ? made : null;
            return errors.Length == 0 ? new ReloadResult(made.Changed, made.RestartNeeded, []) : new ReloadResult([], [], errors);
        }
        catch (ConfigurationException e)
        {
            return new ReloadResult([], [], [.. e.Errors.Select(x => x.ToString())]);
        }
    }

    private static string Names(IReadOnlyList<string> keys) => keys.Count == 0 ? "nothing" : string.Join(", ", keys);

    [LoggerMessage(EventId = 3, EventName = "reload", Level = LogLevel.Information, Message = "Reloaded the configuration; changed: {Changed}; these need a restart: {RestartNeeded}")]
    private static partial void Reloaded(ILogger logger, string changed, string restartNeeded);

    [LoggerMessage(EventId = 4, EventName = "reload", Level = LogLevel.Error, Message = "The new configuration is refused, the old one stays in force: {Error}")]
    private static partial void Refused(ILogger logger, string error);
}
