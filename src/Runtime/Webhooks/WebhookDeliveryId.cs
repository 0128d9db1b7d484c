using System.Diagnostics.CodeAnalysis;

namespace Sleigh.Runtime;

/// <summary>Names a delivery of a webhook: <c>whd_</c> and 12 lower-case hex digits. It is the same on every try.</summary>
public readonly record struct WebhookDeliveryId
{
    internal const string Prefix = "whd_";

    private readonly string? _text;

    private WebhookDeliveryId(string text) => _text = text;

    /// <summary>A new, random id.</summary>
    public static WebhookDeliveryId New() => new(EntityId.New(Prefix));

    /// <summary>Reads an id; false for any text that is not exactly of its form.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out WebhookDeliveryId id)
    {
        bool ok = EntityId.IsValid(text, Prefix);
        id = ok ? new WebhookDeliveryId(text!) : default;
        return ok;
    }

    /// <summary>Reads an id that must be valid, such as one from our own records.</summary>
    /// <exception cref="FormatException">The text is not an id of this form.</exception>
    public static WebhookDeliveryId Parse(string text) => new(EntityId.Require(text, Prefix));

    /// <summary>The id as receivers see it.</summary>
    public override string ToString() => _text ?? throw new InvalidOperationException("an empty WebhookDeliveryId was used");
}
