using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Routing;

/// <summary>One method on one path pattern. Checks common to all run here, in the order of section 1.5 of the contract.</summary>
/// <param name="method">HTTP method; GET answers HEAD too.</param>
/// <param name="pattern">Segments; those in braces match anything: <c>{id}</c> names a sandbox, <c>{execId}</c> an exec of it.</param>
internal abstract class Endpoint(string method, string pattern)
{
    public string Method { get; } = method;

    public string[] Segments { get; } = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What it does, in one word for the log.</summary>
    public string Operation { get; } = OperationName.Of(method, pattern);

    public AccessClass Access { get; init; } = AccessClass.Session;

    public BodyRule Body { get; init; } = method == "POST" ? BodyRule.Required : BodyRule.Lenient;

    /// <summary>The body's members where others are refused (endpoints 31 to 42 and our own); null where they are ignored.</summary>
    public IReadOnlyList<string>? KnownFields { get; init; }

    /// <summary>Whether each call stands in the audit log: all that change something, and those that read files out or take a secret.</summary>
    public bool Audited { get; init; } = method != "GET";

    /// <summary>The path pattern, as documents and figures show it.</summary>
    public string Path { get; } = "/" + pattern;

    /// <summary>Steps 4 to 15 for a call that matched.</summary>
    public abstract Task<Reply> AnswerAsync(Call call);

    /// <summary>The members of the body that it reads, with the JSON types it wants; <c>session_token</c> is not among them.</summary>
    public abstract FieldRecorder RecordFields();
}

/// <summary>An endpoint whose body is read into a <typeparamref name="TRequest"/> before anything else is looked at.</summary>
/// <param name="method">HTTP method.</param>
/// <param name="pattern">Path pattern.</param>
/// <param name="read">Body to request: JSON types only (step 5); values are checked by the action (step 11).</param>
/// <param name="action">Steps 11 to 15.</param>
internal sealed class Endpoint<TRequest>(
    string method, string pattern, Func<BodyFields, TRequest> read, Func<Call, TRequest, Task<Reply>> action)
    : Endpoint(method, pattern)
{
    public override FieldRecorder RecordFields()
    {
        FieldRecorder recorder = new();
        _ = read(new BodyFields(recorder));
        return recorder;
    }

    public override async Task<Reply> AnswerAsync(Call call)
    {
        if (Body is not (BodyRule.Ignored or BodyRule.Streamed))
        {
            await call.ReadBodyAsync(Body);
        }
        else if (Body is BodyRule.Ignored && call.Http.Request.ContentLength > call.Options.Http.MaxBodyBytes)
        {
            throw ApiErrors.PayloadTooLarge(call.Options.Http.MaxBodyBytes).Exception();
        }

        TRequest request = read(call.Fields);
        if (Access == AccessClass.Session)
        {
            call.Authenticate();
            call.FindTargets(Segments);
        }
        else if (Access == AccessClass.SessionOrKey)
        {
            call.AuthenticateOrKey();
        }

        if (KnownFields is not null)
        {
            call.Fields.RefuseUnknown(KnownFields);
        }

        call.Audit?.BeforeAction(mayBeDoneInPart: Body is BodyRule.Streamed);
        return await action(call, request);
    }
}
