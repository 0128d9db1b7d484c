namespace Sleigh.Runtime.Reading;

/// <content>Addresses, and the commands with delimiters.</content>
internal sealed partial class SedReader
{
    private SedVerdict? ReadAddresses(out bool addressed)
    {
        addressed = Here is '/' or '\\' or '$' || char.IsAsciiDigit(Here);
        if (addressed)
        {
            if (ReadAddress() is { } wrong)
            {
                return wrong;
            }

            SkipBlanks();
            if (Here == ',')
            {
                _at++;
                SkipBlanks();
                if (Here is '+' or '~')
                {
                    _at++;
                    if (!SkipDigits())
                    {
                        return SedVerdict.Refused;
                    }
                }
                else if (ReadAddress() is { } second)
                {
                    return second;
                }

                SkipBlanks();
            }
        }

        if (Here == '!')
        {
            addressed = true;
            _at++;
            SkipBlanks();
        }

        return null;
    }

    private SedVerdict? ReadAddress()
    {
        if (Here == '$')
        {
            _at++;
            return null;
        }

        if (SkipDigits())
        {
            if (Here == '~')
            {
                _at++;
                return SkipDigits() ? null : SedVerdict.Refused;
            }

            return null;
        }

        if (Here is not ('/' or '\\'))
        {
            return SedVerdict.Refused;
        }

        _at += Here == '\\' ? 1 : 0;
        if (ReadRegex(out _) is { } wrong)
        {
            return wrong;
        }

        SkipBlanks();
        while (Here is 'I' or 'M')
        {
            _at++;
            SkipBlanks();
        }

        return null;
    }

    // From the delimiter to behind the one that ends it, which is where the next part begins.
    private SedVerdict? ReadRegex(out char delimiter)
    {
        delimiter = Here;
        if (!DelimitedText.IsDelimiter(delimiter))
        {
            return SedVerdict.Refused;
        }

        if (DelimitedText.RegexEnds(script, _at + 1, delimiter) is not { } ends)
        {
            return SedVerdict.Refused;
        }

        int end = ends[ends.Length == 1 ? 0 : readings.Choose(ends.Length)];
        if (end == DelimitedText.None)
        {
            return SedVerdict.Broken;
        }

        _at = end + 1;
        return null;
    }

    private SedVerdict? ReadReplacement(char delimiter)
    {
        int end = DelimitedText.ReplacementEnd(script, _at, delimiter);
        if (end == DelimitedText.None)
        {
            return SedVerdict.Broken;
        }

        bool overLines = script.AsSpan(_at, end - _at).Contains('\n');
        if (!overLines || !_behindLabel)
        {
            _at = end + 1;
            return null;
        }

        return SedVerdict.Refused;
    }

    private SedVerdict? ReadSubstitution() =>
        ReadRegex(out char delimiter) ?? ReadReplacement(delimiter) ?? ReadFlags();

    private SedVerdict? ReadTransliteration() =>
        ReadRegex(out char delimiter) ?? ReadReplacement(delimiter) ?? ReadEnd();

    // A letter that is no flag is an error in all but, perhaps, one; so is what comes behind it, in all.
    private SedVerdict? ReadFlags()
    {
        bool known = true;
        for (; char.IsAsciiLetterOrDigit(Here); _at++)
        {
            if (Here is 'w' or 'W' or 'e')
            {
                return SedVerdict.Refused;
            }

            known &= Here is 'g' or 'p' or 'i' or 'I' or 'm' or 'M' || char.IsAsciiDigit(Here);
        }

        return ReadEnd() ?? (known ? null : SedVerdict.Refused);
    }
}
