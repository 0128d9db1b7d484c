namespace Sleigh.Runtime;

/// <summary>A delivery as it was at one moment. It outlives its sandbox, not its session.</summary>
public sealed record WebhookDelivery
{
    /// <summary>The id.</summary>
    public required WebhookDeliveryId Id { get; init; }

    /// <summary>The owner of the command.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The sandbox of the command.</summary>
    public required SandboxId Sandbox { get; init; }

    /// <summary>The command whose end it tells.</summary>
    public required ExecId Exec { get; init; }

    /// <summary>Where it goes. It may hold secrets: <see cref="WebhookUrl.Shown"/> is what is fit to be shown.</summary>
    public required string Url { get; init; }

    /// <summary>What became of it.</summary>
    public required WebhookState State { get; init; }

    /// <summary>Tries begun so far, 0 to 5; counted anew when an administrator has it sent again.</summary>
    public required int Attempts { get; init; }

    /// <summary>When the next try is due; null once it is final.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>What the receiver answered last; null when it never did.</summary>
    public int? LastStatus { get; init; }

    /// <summary>Why the last try failed; null when it did not, or there was none.</summary>
    public string? LastError { get; init; }

    /// <summary>When it was queued.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it became final.</summary>
    public DateTimeOffset? Completed { get; init; }
}
