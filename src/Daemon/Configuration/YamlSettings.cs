using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sleigh.Daemon.Configuration;

/// <summary>
/// Takes YAML text apart into settings: sections of keys, each with a text or a list of texts. Works on the parser's events, so
/// nothing is expanded or made by reflection. What a configuration needs none of is refused: anchors, aliases, tags, further
/// documents, lists of lists.
/// </summary>
internal sealed class YamlSettings
{
    private const int MaxDepth = 3;

    private readonly string _source;
    private readonly Parser _parser;
    private readonly List<ConfigurationError> _errors;
    private readonly List<SettingValue> _settings = [];
    private readonly Dictionary<string, int> _lines = [];

    private YamlSettings(string source, string text, List<ConfigurationError> errors)
    {
        _source = source;
        _parser = new Parser(new StringReader(text));
        _errors = errors;
    }

    /// <summary>The settings in the order of the text. A key without a value is left out: it is not set.</summary>
    internal static IReadOnlyList<SettingValue> Parse(string source, string text, List<ConfigurationError> errors)
    {
        YamlSettings settings = new(source, text, errors);
        try
        {
            settings.ReadStream();
        }
        catch (YamlException ex)
        {
            settings.Add((int)ex.Start.Line, null, $"not YAML: {ex.Message.ReplaceLineEndings(" ")}");
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet 16.3 fails an assertion of its own on some broken plain scalars; found by the test with damaged text.
            settings.Add((int)(settings._parser.Current?.End.Line ?? 1), null, "not YAML: a value near this line cannot be read");
        }
        catch (RefusedException)
        {
            // Its error is in the list; what follows cannot be told apart.
        }

        return settings._settings;
    }

    private void ReadStream()
    {
        Expect<StreamStart>();
        if (Current() is StreamEnd)
        {
            return;
        }

        Expect<DocumentStart>();
        if (Current() is Scalar nothing && IsNull(nothing))
        {
            Checked(nothing);
            _parser.MoveNext();
        }
        else if (Current() is MappingStart)
        {
            ReadSection("", 1);
        }
        else
        {
            throw Refuse(Current(), null, "the configuration must be sections and keys, such as 'http:' with 'listen: 127.0.0.1:10122' below");
        }

        Expect<DocumentEnd>();
        if (Current() is not StreamEnd)
        {
            throw Refuse(Current(), null, "the configuration must be one YAML document");
        }
    }

    private void ReadSection(string prefix, int depth)
    {
        Expect<MappingStart>();
        while (Current() is not MappingEnd)
        {
            if (Current() is not Scalar name)
            {
                throw Refuse(Current(), null, "a key must be a word");
            }

            Checked(name);
            _parser.MoveNext();
            ReadValue(prefix.Length == 0 ? name.Value : $"{prefix}.{name.Value}", name, depth);
        }

        Expect<MappingEnd>();
    }

    private void ReadValue(string key, Scalar name, int depth)
    {
        int line = (int)name.Start.Line;
        if (_lines.TryGetValue(key, out int first))
        {
            Add(line, key, $"{key} is set twice, first on line {first}");
        }

        _lines.TryAdd(key, line);
        switch (Current())
        {
            case Scalar scalar:
                Checked(scalar);
                if (!IsNull(scalar))
                {
                    _settings.Add(new SettingValue(_source, line, key, scalar.Value, null));
                }

                _parser.MoveNext();
                break;
            case SequenceStart sequence:
                Checked(sequence);
                _settings.Add(new SettingValue(_source, line, key, null, ReadItems(key)));
                break;
            case MappingStart map when key == RegistriesSetting.Name:
                Checked(map);
                _settings.Add(new SettingValue(_source, line, key, null, null) { Entries = ReadEntries(key) });
                break;
            case MappingStart mapping when depth < MaxDepth:
                Checked(mapping);
                ReadSection(key, depth + 1);
                break;
            case { } other:
                throw Refuse(other, key, $"{key} is nested too deep");
        }
    }

    /// <summary>A map of any names, each with keys below it: names may hold dots, so these are no sections.</summary>
    private List<MapEntry> ReadEntries(string key)
    {
        List<MapEntry> entries = [];
        Expect<MappingStart>();
        while (Current() is not MappingEnd)
        {
            if (Current() is not Scalar name)
            {
                throw Refuse(Current(), key, $"{key}: a name must be a word");
            }

            Checked(name);
            _parser.MoveNext();
            int before = _settings.Count;
            string entry = $"{key}[{name.Value}]";
            if (Current() is Scalar nothing && IsNull(nothing))
            {
                Checked(nothing);
                _parser.MoveNext();
            }
            else if (Current() is MappingStart)
            {
                ReadSection(entry, MaxDepth);
            }
            else
            {
                throw Refuse(Current(), key, $"{entry} must have keys below it");
            }

            entries.Add(new MapEntry(name.Value, (int)name.Start.Line, _settings[before..]));
            _settings.RemoveRange(before, _settings.Count - before);
        }

        Expect<MappingEnd>();
        return entries;
    }

    private List<string> ReadItems(string key)
    {
        List<string> items = [];
        Expect<SequenceStart>();
        while (Current() is not SequenceEnd)
        {
            if (Current() is not Scalar item)
            {
                throw Refuse(Current(), key, $"{key} must be a list of single values");
            }

            Checked(item);
            items.Add(item.Value);
            _parser.MoveNext();
        }

        Expect<SequenceEnd>();
        return items;
    }

    private ParsingEvent Current()
    {
        if (_parser.Current is null)
        {
            _parser.MoveNext();
        }

        ParsingEvent current = _parser.Current ?? throw new YamlException("the text ends too early");
        return current is AnchorAlias ? throw Refuse(current, null, "anchors and aliases (& and *) are not supported") : current;
    }

    private void Expect<T>()
        where T : ParsingEvent
    {
        ParsingEvent current = Current();
        if (current is not T)
        {
            throw Refuse(current, null, "the configuration must be sections and keys");
        }

        if (current is NodeEvent node)
        {
            Checked(node);
        }

        _parser.MoveNext();
    }

    private void Checked(NodeEvent node)
    {
        if (!node.Anchor.IsEmpty)
        {
            throw Refuse(node, null, "anchors and aliases (& and *) are not supported");
        }

        if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)
        {
            throw Refuse(node, null, "tags (!) are not supported");
        }
    }

    private static bool IsNull(Scalar scalar) =>
        scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" or "Null" or "NULL" };

    private RefusedException Refuse(ParsingEvent where, string? key, string text)
    {
        Add((int)where.Start.Line, key, text);
        return new RefusedException();
    }

    private void Add(int line, string? key, string text) => _errors.Add(new ConfigurationError(_source, line, key, text));

    private sealed class RefusedException : Exception;
}
