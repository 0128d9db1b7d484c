using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Sleigh.Runtime.Auditing;

/// <summary>
/// One line of the audit log: who did what to what, and how it ended. It holds ids, numbers and words of ours; never a body, a token, a
/// secret, a variable's value, a path or a query. What null is left out.
/// </summary>
public sealed record AuditEntry
{
    /// <summary>The most characters of one command that a line holds.</summary>
    public const int MostCommandCharacters = 4096;

    /// <summary>The operation of a call that was refused before it was looked at what it asked for: by who may use the socket, or by host and origin.</summary>
    public const string RefusedAtDoor = "refuse-caller";

    /// <summary>When it was written.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What was done, in one word, as in the daemon's own log.</summary>
    public required string Operation { get; init; }

    /// <summary><c>begun</c> for the line before a change, <c>done</c> for the one after it.</summary>
    public required string Phase { get; init; }

    /// <summary>The request's id.</summary>
    public string? RequestId { get; init; }

    /// <summary>HTTP method.</summary>
    public string? Method { get; init; }

    /// <summary>The pattern of the path.</summary>
    public string? Route { get; init; }

    /// <summary>The HTTP status of the reply; 499 where the caller had gone before one.</summary>
    public int? Status { get; init; }

    /// <summary>The error's word.</summary>
    public string? Code { get; init; }

    /// <summary><c>socket</c> or <c>tcp</c>.</summary>
    public string? Via { get; init; }

    /// <summary>The id of the session, which is not its token.</summary>
    public string? Session { get; init; }

    /// <summary>The api key that was sent and is right, as <c>sha256:</c> and twelve hexadecimal digits of its hash.</summary>
    public string? ApiKey { get; init; }

    /// <summary>On the socket: the caller's effective user, as the kernel noted it when the caller connected.</summary>
    public uint? Uid { get; init; }

    /// <summary>On the socket: the caller's effective group.</summary>
    public uint? Gid { get; init; }

    /// <summary>On the socket: the process that connected.</summary>
    public int? Pid { get; init; }

    /// <summary>Over TCP: address and port of the caller.</summary>
    public string? Address { get; init; }

    /// <summary>Ids of what it was done to, and of what it made.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>Of what the daemon did of its own accord: why, in one word.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether the reply was a kept one, so that nothing was done this time.</summary>
    public bool Replayed { get; init; }

    /// <summary>The commands' text, where <c>audit.commands</c> asks for it.</summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    /// <summary>Whether it may have changed something all the same, if it was refused: it is one that reads its body bit by bit, and it had begun.</summary>
    public bool MayHaveDonePart { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Lines before this one that could not be written.</summary>
    public long? Lost { get; init; }

    /// <summary>Refused calls of strangers, or of the session that is named, before this one that have no line of their own, since there were too many.</summary>
    public long? Refused { get; init; }

    /// <summary>
    /// A call that was refused at the door, or over TCP and that came with neither a session nor the api key: anybody may make as many as they like.
    /// </summary>
    public bool IsRefusedStranger =>
        Phase == "done" && Status >= 400 && (Operation == RefusedAtDoor || (Via == "tcp" && Session is null && ApiKey is null));

    /// <summary>
    /// Whose refused call this is: a session's id, <c>socket</c> for those who may not use it, empty for other strangers; null for all that has its line however often it comes: what was done, in
    /// part too, what the administrator calls, and calls of sessions whose end was not the caller's fault, or was not seen by them.
    /// </summary>
    internal string? RefusedCaller =>
        MayHaveDonePart ? null
        : IsRefusedStranger ? Via == "socket" ? "socket" : ""
        : Phase == "done" && Via == "tcp" && Status is >= 400 and < 499 ? Session
        : null;

    /// <summary>The line of a delete that no request asked for.</summary>
    /// <param name="time">When it was done.</param>
    /// <param name="sandbox">The sandbox; with its session, which is the one that ended where that is the reason.</param>
    /// <param name="reason">Any but <see cref="DeleteReason.Request"/>.</param>
    public static AuditEntry OfDelete(DateTimeOffset time, Sandbox sandbox, DeleteReason reason) => new()
    {
        Time = time,
        Operation = "delete-sandbox",
        Phase = "done",
        Pid = Environment.ProcessId,
        Targets = [sandbox.Id.ToString(), sandbox.Session.ToString()],
        Reason = reason switch
        {
            DeleteReason.Ttl => "ttl",
            DeleteReason.Idle => "idle",
            DeleteReason.Session => "session",
            _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "a request's delete has the request's line"),
        },
    };

    /// <summary>One line of JSON with its line feed.</summary>
    public byte[] ToLine()
    {
        ArrayBufferWriter<byte> buffer = new(512);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("operation", Operation);
            json.WriteString("phase", Phase);
            Number(json, "status", Status);
            Text(json, "code", Code);
            Text(json, "request_id", RequestId);
            Text(json, "method", Method);
            Text(json, "route", Route);
            Text(json, "via", Via);
            Text(json, "session", Session);
            Text(json, "api_key", ApiKey);
            Number(json, "uid", Uid);
            Number(json, "gid", Gid);
            Number(json, "pid", Pid);
            Text(json, "address", Address);
            List(json, "targets", Targets);
            Text(json, "reason", Reason);
            if (Replayed)
            {
                json.WriteBoolean("replayed", true);
            }

            List(json, "commands", Commands);
            if (Duration is { } took)
            {
                json.WriteNumber("ms", Math.Round(took.TotalMilliseconds, 1));
            }

            Number(json, "lost", Lost);
            Number(json, "refused", Refused);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void List(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value.Length <= MostCommandCharacters ? value : value[..Cut(value)] + "...");
        }

        json.WriteEndArray();
    }

    private static int Cut(string value) => char.IsHighSurrogate(value[MostCommandCharacters - 1]) ? MostCommandCharacters - 1 : MostCommandCharacters;
}
