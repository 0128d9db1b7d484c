namespace Sleigh.Containerd;

/// <summary>One way to log in that a WWW-Authenticate header offers (RFC 9110, section 11.6.1).</summary>
/// <param name="Scheme">In lower case.</param>
/// <param name="Parameters">By name, in lower case.</param>
internal sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public string? this[string name] => Parameters.GetValueOrDefault(name);

    /// <summary>All challenges of all headers, in order. What cannot be read is left out.</summary>
    public static IReadOnlyList<AuthChallenge> ParseAll(IEnumerable<string> headers)
    {
        List<AuthChallenge> found = [];
        foreach (string header in headers)
        {
            new Reader(header).Read(found);
        }

        return found;
    }

    private sealed class Reader
    {
        private readonly string _text;
        private int _at;

        public Reader(string text)
        {
            _text = text;
        }

        public void Read(List<AuthChallenge> found)
        {
            Dictionary<string, string>? parameters = null;
            while (true)
            {
                SkipSeparators();
                string word = Token();
                if (word.Length == 0)
                {
                    return;
                }

                int after = _at;
                SkipSpaces();

                // 'word=' belongs to the challenge before; a word on its own begins one.
                if (_at < _text.Length && _text[_at] == '=' && parameters is not null)
                {
                    _at++;
                    SkipSpaces();
                    parameters.TryAdd(word.ToLowerInvariant(), Value());
                    continue;
                }

                _at = after;
                parameters = new Dictionary<string, string>(StringComparer.Ordinal);
                found.Add(new AuthChallenge(word.ToLowerInvariant(), parameters));
                SkipToken68();
            }
        }

        private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal);

        private string Token()
        {
            int start = _at;
            while (_at < _text.Length && IsTokenCharacter(_text[_at]))
            {
                _at++;
            }

            return _text[start.._at];
        }

        private string Value()
        {
            if (_at >= _text.Length || _text[_at] != '"')
            {
                // Some servers leave the quotes out where they should not.
                int start = _at;
                while (_at < _text.Length && _text[_at] is not (',' or ' ' or '\t'))
                {
                    _at++;
                }

                return _text[start.._at];
            }

            var value = new System.Text.StringBuilder();
            for (_at++; _at < _text.Length && _text[_at] != '"'; _at++)
            {
                if (_text[_at] == '\\' && _at + 1 < _text.Length)
                {
                    _at++;
                }

                value.Append(_text[_at]);
            }

            _at = Math.Min(_at + 1, _text.Length);
            return value.ToString();
        }

        // Negotiate and NTLM put bytes in base64 there: 'abc==' and nothing after it but a comma.
        private void SkipToken68()
        {
            int before = _at;
            SkipSpaces();
            if (_at == before)
            {
                return;
            }

            int start = _at;
            while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || "-._~+/".Contains(_text[_at], StringComparison.Ordinal)))
            {
                _at++;
            }

            while (_at < _text.Length && _text[_at] == '=')
            {
                _at++;
            }

            int end = _at;
            SkipSpaces();
            if (end == start || (_at < _text.Length && _text[_at] != ','))
            {
                _at = before;
            }
        }

        private void SkipSpaces()
        {
            while (_at < _text.Length && _text[_at] is ' ' or '\t')
            {
                _at++;
            }
        }

        private void SkipSeparators()
        {
            while (_at < _text.Length && _text[_at] is ' ' or '\t' or ',')
            {
                _at++;
            }
        }
    }
}
