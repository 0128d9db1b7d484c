using System.Text.Json.Nodes;

namespace Sleigh.Cli.Exec;

/// <summary>What is to run: either a program with its arguments, or a text for the shell.</summary>
internal sealed record ExecRequest
{
    /// <summary>Program and arguments; empty when <see cref="Command"/> is given.</summary>
    public IReadOnlyList<string> Argv { get; init; } = [];

    /// <summary>Text for <c>sh -lc</c>.</summary>
    public string? Command { get; init; }

    /// <summary>Working directory; null: the image's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Added to the sandbox's environment.</summary>
    public JsonObject? Environment { get; init; }

    /// <summary>Variables that are never recorded.</summary>
    public JsonObject? Secrets { get; init; }

    /// <summary>User; null: the sandbox's.</summary>
    public string? User { get; init; }

    /// <summary>Time limit of the command; null: the daemon's default.</summary>
    public int? TimeoutSeconds { get; init; }

    /// <summary>Whether standard input comes through an attach channel.</summary>
    public bool StreamsStdin { get; init; }

    /// <summary>The size of its terminal; null: it has none.</summary>
    public Tty.TerminalSize? Terminal { get; init; }

    /// <summary>The body of the call that starts it for an attach channel, which is not waited for.</summary>
    public JsonObject ToAttachedBody()
    {
        JsonObject body = Members([]);
        if (Terminal is { } size)
        {
            body["terminal"] = new JsonObject { ["rows"] = size.Rows, ["columns"] = size.Columns };
        }
        else if (StreamsStdin)
        {
            body["stdin_stream"] = true;
        }

        return body;
    }

    /// <summary>The body of the call that starts it and waits at most <paramref name="waitSeconds"/>.</summary>
    public JsonObject ToBody(int waitSeconds) => Members(new() { ["wait"] = true, ["wait_timeout_seconds"] = waitSeconds });

    private JsonObject Members(JsonObject body)
    {
        if (Command is not null)
        {
            body["command"] = Command;
        }
        else
        {
            body["argv"] = Api.JsonFields.Array(Argv);
        }

        foreach ((string field, JsonNode? value) in new (string, JsonNode?)[]
        {
            ("cwd", WorkingDirectory), ("env", Environment?.DeepClone()), ("secrets", Secrets?.DeepClone()), ("user", User), ("timeout_seconds", TimeoutSeconds),
        })
        {
            if (value is not null)
            {
                body[field] = value;
            }
        }

        return body;
    }
}
