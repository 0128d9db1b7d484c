using System.Diagnostics;
using System.Text.RegularExpressions;
using Sleigh.Api.Errors;
using Sleigh.Api.Peers;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Runtime.Auditing;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Auditing;

/// <summary>
/// One call on its way into the audit log. Its line is written before the first byte of the reply goes out, so whoever has a reply finds
/// the line; a call that nobody waits for any more has one when it ends.
/// </summary>
internal sealed partial class AuditedCall
{
    private readonly Call _call;
    private readonly SocketPeer? _peer;
    private readonly ApiKeyCheck _key;
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly List<string> _targets = [];
    private readonly List<string> _commands = [];
    private readonly bool _isAtDoor;
    private string? _code;
    private int _isWritten;
    private bool _mayHaveDonePart;

    private AuditedCall(Call call, SocketPeer? peer, ApiKeyCheck key, bool isAtDoor) => (_call, _peer, _key, _isAtDoor) = (call, peer, key, isAtDoor);

    /// <summary>Begins with what the path says. Of its segments only what has the form of an id is noted: others may be tokens.</summary>
    public static AuditedCall Begin(Call call, SocketPeer? peer, ApiKeyCheck key)
    {
        AuditedCall audit = new(call, peer, key, isAtDoor: false);
        foreach (string segment in call.Path.Where(s => Id().IsMatch(s)))
        {
            audit.Touch(segment);
        }

        audit.FinishBeforeReply();
        return audit;
    }

    /// <summary>Begins for a caller who is refused before it is looked at what was asked for: of that nothing is noted.</summary>
    public static AuditedCall BeginAtDoor(Call call, SocketPeer? peer, ApiKeyCheck key)
    {
        AuditedCall audit = new(call, peer, key, isAtDoor: true);
        audit.FinishBeforeReply();
        return audit;
    }

    /// <summary>Notes the id of something that the call is about or has made.</summary>
    public void Touch(string id)
    {
        lock (_targets)
        {
            if (!_targets.Contains(id))
            {
                _targets.Add(id);
            }
        }
    }

    /// <summary>Notes a command, where <c>audit.commands</c> wants them.</summary>
    public void Run(string? command, IReadOnlyList<string>? argv = null)
    {
        if (_call.Options.Audit.Commands && (command ?? (argv is null ? null : string.Join(' ', argv))) is { } text)
        {
            _commands.Add(text);
        }
    }

    /// <summary>Notes the error that will be answered.</summary>
    public void Failed(string code) => _code = code;

    /// <summary>Where <c>audit.on_failure</c> is <c>refuse</c>: the line before the change, or no change.</summary>
    /// <param name="mayBeDoneInPart">Whether a part of it may have been done when it is refused.</param>
    /// <exception cref="ApiException">503: it cannot be written.</exception>
    public void BeforeAction(bool mayBeDoneInPart)
    {
        _mayHaveDonePart = mayBeDoneInPart;
        if (_call.Options.Audit.OnFailure == AuditFailure.Refuse && !_call.Dependencies.Audit.TryWrite(Entry("begun")))
        {
            throw ApiErrors.AuditUnavailable().Exception();
        }
    }

    /// <summary>Writes the line, once.</summary>
    public void Finish()
    {
        if (Interlocked.Exchange(ref _isWritten, 1) == 0)
        {
            _call.Dependencies.Audit.TryWrite(Entry("done") with
            {
                Status = _call.Http.Response.StatusCode,
                Code = _code,
                Replayed = _call.Http.Response.Headers.ContainsKey("Idempotency-Replayed"),
                MayHaveDonePart = _mayHaveDonePart,
                Duration = Stopwatch.GetElapsedTime(_begun),
            });
        }
    }

    private void FinishBeforeReply() => _call.Http.Response.OnStarting(static state =>
    {
        ((AuditedCall)state).Finish();
        return Task.CompletedTask;
    }, this);

    private AuditEntry Entry(string phase)
    {
        lock (_targets)
        {
            return new AuditEntry
            {
                Time = _call.Dependencies.Time.GetUtcNow(),
                Operation = _isAtDoor ? AuditEntry.RefusedAtDoor : _call.Operation ?? "",
                Phase = phase,
                RequestId = TokenText.Redact(_call.RequestId),
                Method = _isAtDoor ? null : _call.Http.Request.Method,
                Route = _call.Route,
                Via = IsOnSocket ? "socket" : "tcp",
                Session = _call.Found.Session,
                ApiKey = _key.Matches(_call.Http.Request.Headers.Authorization) ? _key.Fingerprint : null,
                Uid = _peer?.Uid,
                Gid = _peer?.Gid,
                Pid = _peer?.Pid,
                Address = Address(),
                Targets = [.. _targets],
                Commands = [.. _commands],
            };
        }
    }

    // One who may not use the socket is no administrator, and has come over it all the same.
    private bool IsOnSocket => _call.FromSocket || _call.Http.Features.Get<SocketPeerFeature>() is not null;

    private string? Address() => !IsOnSocket && _call.Http.Connection.RemoteIpAddress is { } address
        ? new System.Net.IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, _call.Http.Connection.RemotePort).ToString()
        : null;

    [GeneratedRegex(@"\A[a-z]{2,5}_[0-9a-f]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
