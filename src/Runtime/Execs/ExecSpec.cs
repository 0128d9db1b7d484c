using Sleigh.Runtime.Init;

namespace Sleigh.Runtime;

/// <summary>A command to run; values are in range and of the right form. Exactly one of <see cref="Command"/> and <see cref="Argv"/> is set.</summary>
public sealed record ExecSpec
{
    /// <summary>Runs as <c>sh -lc Command</c>; up to 120,000 bytes.</summary>
    public string? Command { get; init; }

    /// <summary>A program and its arguments, run without a shell.</summary>
    public IReadOnlyList<string>? Argv { get; init; }

    /// <summary>Ends the whole process tree after this time; null is the configured default.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Working directory; null is the image's, and what does not begin with a slash is looked for in the image's.</summary>
    public string? Cwd { get; init; }

    /// <summary>Added to the sandbox's environment.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Added to the sandbox's secrets, by the names of their variables; never recorded.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it gets the sandbox's secrets: what Sleigh itself thinks up does not need them.</summary>
    public bool GetsSecrets { get; init; } = true;

    /// <summary>The only variables of the image and the sandbox that it gets, and of PATH the absolute folders only; null: all of them.</summary>
    public IReadOnlySet<string>? PassedVariables { get; init; }

    /// <summary><c>name</c>, <c>uid</c> or <c>uid:gid</c>; null is the sandbox's.</summary>
    public string? User { get; init; }

    /// <summary>Text for standard input; null is no input.</summary>
    public string? Stdin { get; init; }

    /// <summary>Gives it a terminal of this size; its errors then come with its output. Not together with other input.</summary>
    public TerminalSize? Terminal { get; init; }

    /// <summary>Whether its standard input comes while it runs. Not together with other input.</summary>
    public bool StdinStream { get; init; }

    /// <summary>What can be written to it while it runs.</summary>
    public LiveInput Input => Terminal is not null ? LiveInput.Terminal : StdinStream ? LiveInput.Stream : LiveInput.None;

    /// <summary>Told of its end. The subscription is recorded together with the exec, before it can end.</summary>
    public WebhookAddress? Webhook { get; init; }

    /// <summary>Which call made it.</summary>
    public ExecOrigin Origin { get; init; }

    /// <summary>The key under which the start is kept for a retry; null: none.</summary>
    public StartKey? StartKey { get; init; }
}
