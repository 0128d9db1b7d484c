using System.Buffers;

namespace Sleigh.Runtime.Reading;

/// <summary>
/// Reads a sed script once, from its beginning to its end. It takes the least that all seds have in common, so that what one of them
/// would run is never taken for a text; what only some of them know (labels that end at a semicolon) is bound to forms that all read alike.
/// </summary>
internal sealed partial class SedReader(string script, SedReadings readings)
{
    // In no sed a command, and in none a flag of s: where one of these stands, it refuses the script.
    private const string NeverCommands = "]/*()|?\"'.[-_@%&<>^$";
    private const string NeverFlags = NeverCommands + ",+~=:!";

    private static readonly SearchValues<char> DoubtfulInNames = SearchValues.Create("\\;{}#\"'`\r");

    private int _at;
    private int _blocks;

    // Some take the rest of the line for part of a label. Nothing may then go over the end of this line.
    private bool _behindLabel;

    /// <summary>How far it has come.</summary>
    public int Position => Math.Min(_at, script.Length);

    private bool IsEnd => _at >= script.Length;

    private char Here => _at < script.Length ? script[_at] : '\0';

    /// <summary>The verdict on the whole script.</summary>
    public SedVerdict Read()
    {
        while (true)
        {
            SkipToCommand();
            if (IsEnd)
            {
                return _blocks == 0 ? SedVerdict.Reads : SedVerdict.Refused;
            }

            if (ReadCommand() is { } verdict)
            {
                return verdict;
            }
        }
    }

    private void SkipToCommand()
    {
        for (; Here is ' ' or '\t' or ';' or '\n'; _at++)
        {
            _behindLabel &= Here != '\n';
        }
    }

    // Null: read, and nothing wrong with it.
    private SedVerdict? ReadCommand()
    {
        if (Here == '#')
        {
            return ReadComment();
        }

        if (ReadAddresses(out bool addressed) is { } wrong)
        {
            return wrong;
        }

        if (IsEnd)
        {
            return SedVerdict.Refused;
        }

        char command = script[_at++];
        switch (command)
        {
            case '{':
                _blocks++;
                return null;
            case '}':
                return addressed || --_blocks < 0 ? Refuse() : ReadEnd();
            case '=' or 'd' or 'D' or 'g' or 'G' or 'h' or 'H' or 'n' or 'N' or 'p' or 'P' or 'x' or 'F' or 'z':
                return ReadEnd();
            case 'l' or 'q' or 'Q':
                SkipBlanks();
                SkipDigits();
                return ReadEnd();
            case ':' when addressed:
                return Refuse();
            case ':' or 'b' or 't' or 'T' or 'v':
                return ReadLabel(required: command == ':');
            case 'a' or 'i' or 'c':
                return ReadText();
            case 'r' or 'R':
                return ReadFileName();
            case 's':
                return ReadSubstitution();
            case 'y':
                return ReadTransliteration();
            default:
                return NeverCommands.Contains(command, StringComparison.Ordinal) ? SedVerdict.Broken : Refuse();
        }
    }

    // What refuses stands just before here.
    private SedVerdict Refuse()
    {
        _at--;
        return SedVerdict.Refused;
    }

    private SedVerdict? ReadComment()
    {
        int end = LineEnd();
        bool goesOn = script[end - 1] == '\\';
        _at = end;
        return goesOn ? SedVerdict.Refused : null;
    }

    // Blanks, and then what every sed takes for the end of a command.
    private SedVerdict? ReadEnd()
    {
        SkipBlanks();
        return IsEnd || Here is ';' or '\n' or '}' or '#' ? null
            : NeverFlags.Contains(Here, StringComparison.Ordinal) ? SedVerdict.Broken
            : SedVerdict.Refused;
    }

    // A label ends at the line's end, at a semicolon, at a blank or at a brace, as the sed likes. Behind it only such ends may stand.
    private SedVerdict? ReadLabel(bool required)
    {
        SkipBlanks();
        int begin = _at;
        while (char.IsAsciiLetterOrDigit(Here) || Here is '_' or '.' or '-')
        {
            _at++;
        }

        if (required && _at == begin)
        {
            return SedVerdict.Refused;
        }

        int look = _at;
        while (look < script.Length && script[look] is ' ' or '\t' or '}')
        {
            look++;
        }

        if (look < script.Length && script[look] is not (';' or '\n'))
        {
            _at = look;
            return SedVerdict.Refused;
        }

        _behindLabel = true;
        return null;
    }

    // To the end of the line, in every sed; a name that holds what might be a command is refused all the same.
    private SedVerdict? ReadFileName()
    {
        SkipBlanks();
        int end = LineEnd();
        bool plain = end > _at && script.AsSpan(_at, end - _at).IndexOfAny(DoubtfulInNames) < 0;
        if (plain)
        {
            _at = end;
        }

        return plain ? null : SedVerdict.Refused;
    }

    private SedVerdict? ReadText()
    {
        SkipBlanks();
        if (IsEnd || Here == '\n')
        {
            return SedVerdict.Refused;
        }

        if (Here == '\\' && _at + 1 < script.Length && script[_at + 1] == '\n')
        {
            _at += 2;
            return _behindLabel || IsEnd ? SedVerdict.Refused : ReadTextLines();
        }

        // The text on the same line: not in POSIX, and whether it can go on with the next line differs.
        int end = LineEnd();
        bool goesOn = script[end - 1] == '\\';
        _at = end;
        return goesOn ? SedVerdict.Refused : null;
    }

    private SedVerdict? ReadTextLines()
    {
        while (true)
        {
            int end = LineEnd();
            ReadOnlySpan<char> line = script.AsSpan(_at, end - _at);
            _at = end;
            if (!line.EndsWith("\\"))
            {
                return null;
            }

            if (line.EndsWith("\\\\") || IsEnd)
            {
                return SedVerdict.Refused;
            }

            _at++;
        }
    }

    private int LineEnd()
    {
        int end = script.IndexOf('\n', _at);
        return end < 0 ? script.Length : end;
    }

    private void SkipBlanks()
    {
        while (Here is ' ' or '\t')
        {
            _at++;
        }
    }

    private bool SkipDigits()
    {
        int begin = _at;
        while (char.IsAsciiDigit(Here))
        {
            _at++;
        }

        return _at > begin;
    }
}
