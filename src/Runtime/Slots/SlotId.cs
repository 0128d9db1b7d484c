namespace Sleigh.Runtime.Slots;

/// <summary>Names a slot, its container and its cgroup: <c>slot-</c> and 12 lower-case hex digits.</summary>
internal readonly record struct SlotId
{
    public const string Prefix = "slot-";

    private readonly string? _text;

    private SlotId(string text) => _text = text;

    public static SlotId New() => new(EntityId.New(Prefix));

    /// <exception cref="FormatException">The text is not an id of this form.</exception>
    public static SlotId Parse(string text) => new(EntityId.Require(text, Prefix));

    public static bool IsValid(string text) => EntityId.IsValid(text, Prefix);

    public override string ToString() => _text ?? throw new InvalidOperationException("an empty SlotId was used");
}
