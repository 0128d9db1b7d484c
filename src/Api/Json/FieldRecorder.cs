namespace Sleigh.Api.Json;

/// <summary>Notes which members of a body are asked for, and with which JSON type: what a reader says about itself when it reads nothing.</summary>
internal sealed class FieldRecorder
{
    private readonly SortedDictionary<string, string> _fields;
    private readonly string _prefix;

    public FieldRecorder()
        : this(new SortedDictionary<string, string>(StringComparer.Ordinal), "")
    {
    }

    private FieldRecorder(SortedDictionary<string, string> fields, string prefix) => (_fields, _prefix) = (fields, prefix);

    /// <summary>Names, those inside an object as <c>object.name</c>, and the type in the words of the error: <c>an integer</c>.</summary>
    public IReadOnlyDictionary<string, string> Fields => _fields;

    /// <summary>Takes one down.</summary>
    public void Note(string name, string wanted) => _fields[_prefix + name] = wanted;

    /// <summary>For the members of an object.</summary>
    public FieldRecorder Inside(string name) => new(_fields, $"{_prefix}{name}.");
}
