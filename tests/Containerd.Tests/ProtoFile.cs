using System.Text.RegularExpressions;

namespace Sleigh.Containerd.Tests;

/// <summary>As much of a .proto file as matters on the wire: messages with their fields, enums with their values, services with their methods.</summary>
internal sealed partial class ProtoFile
{
    private readonly Queue<string> _tokens;
    private string _package = "";

    private ProtoFile(string text)
    {
        string plain = Comment().Replace(text, " ");
        _tokens = new Queue<string>(Token().Matches(plain).Select(m => m.Value));
    }

    /// <summary>Facts by full name: "package.Message.field" to "label type = number" and so on.</summary>
    public SortedDictionary<string, string> Facts { get; } = new(StringComparer.Ordinal);

    public static ProtoFile Parse(string text)
    {
        var file = new ProtoFile(text);
        file.ReadFile();
        return file;
    }

    /// <summary>The last part of a type's name: where it is declared differs between the two sets of files.</summary>
    private static string TypeName(string type) => type[(type.LastIndexOf('.') + 1)..] is "BlobDescriptor" ? "Descriptor" : type[(type.LastIndexOf('.') + 1)..];

    private void ReadFile()
    {
        while (_tokens.Count > 0)
        {
            switch (_tokens.Dequeue())
            {
                case "package":
                    _package = _tokens.Dequeue();
                    break;
                case "message":
                    ReadMessage(_package);
                    break;
                case "enum":
                    ReadEnum(_package);
                    break;
                case "service":
                    ReadService();
                    break;
                case "import" or "option" or "syntax":
                    SkipTo(";");
                    break;
            }
        }
    }

    private void ReadMessage(string outer)
    {
        string name = _tokens.Dequeue();
        string full = $"{outer}.{(name == "BlobDescriptor" ? "Descriptor" : name)}";
        Facts[full] = "message";
        Expect("{");
        while (_tokens.Dequeue() is var token && token != "}")
        {
            switch (token)
            {
                case "message":
                    ReadMessage(full);
                    break;
                case "enum":
                    ReadEnum(full);
                    break;
                case "option" or "reserved":
                    SkipTo(";");
                    break;
                case ";":
                    break;
                case "map":
                    Expect("<");
                    string key = TypeName(_tokens.Dequeue());
                    Expect(",");
                    string value = TypeName(_tokens.Dequeue());
                    Expect(">");
                    ReadField(full, $"map<{key},{value}>");
                    break;
                case "repeated":
                    ReadField(full, "repeated " + TypeName(_tokens.Dequeue()));
                    break;
                default:
                    ReadField(full, TypeName(token));
                    break;
            }
        }
    }

    private void ReadField(string message, string type)
    {
        string name = _tokens.Dequeue();
        Expect("=");
        Facts[$"{message}.{name}"] = $"{type} = {_tokens.Dequeue()}";
        SkipTo(";");
    }

    private void ReadEnum(string outer)
    {
        string full = $"{outer}.{_tokens.Dequeue()}";
        Facts[full] = "enum";
        Expect("{");
        while (_tokens.Dequeue() is var token && token != "}")
        {
            if (token != "option")
            {
                Expect("=");
                Facts[$"{full}.{token}"] = $"= {_tokens.Dequeue()}";
            }

            SkipTo(";");
        }
    }

    private void ReadService()
    {
        string full = $"{_package}.{_tokens.Dequeue()}";
        Facts[full] = "service";
        Expect("{");
        while (_tokens.Dequeue() is var token && token != "}")
        {
            if (token == "rpc")
            {
                string name = _tokens.Dequeue();
                string request = ReadArgument();
                Expect("returns");
                Facts[$"{full}.{name}"] = $"rpc {request} -> {ReadArgument()}";
            }
        }
    }

    private string ReadArgument()
    {
        Expect("(");
        string first = _tokens.Dequeue();
        string type = first == "stream" ? "stream " + TypeName(_tokens.Dequeue()) : TypeName(first);
        Expect(")");
        return type;
    }

    private void Expect(string token) => Assert.Equal(token, _tokens.Dequeue());

    private void SkipTo(string end)
    {
        while (_tokens.Dequeue() != end)
        {
            // Options are not on the wire.
        }
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex("""
        "[^"]*"|[\w.]+|[^\s\w]
        """)]
    private static partial Regex Token();
}
