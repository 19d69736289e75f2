using System.Text;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>A filter as it is written, before it is known what its names mean.</summary>
internal abstract record FilterNode;

/// <summary>Both hold, or one does.</summary>
internal sealed record FilterPair(FilterNode Left, bool IsAnd, FilterNode Right) : FilterNode;

/// <summary>It does not hold.</summary>
internal sealed record FilterNot(FilterNode Inner) : FilterNode;

/// <summary>A comparison of what a path leads to.</summary>
internal sealed record FilterTest(IReadOnlyList<FilterStep> Path, string Operator, string Value) : FilterNode;

/// <summary>One step of a path: a parameter, and what must hold where it leads.</summary>
internal readonly record struct FilterStep(string Name, FilterNode? Where);

/// <summary>
/// Reads the text of <c>_filter</c> (https://hl7.org/fhir/R4/search_filter.html). <c>and</c> and <c>or</c> have no precedence: what is
/// written first is done first, and parentheses say otherwise.
/// </summary>
internal sealed class FilterText
{
    private const int MaxDepth = 20;
    private const int MaxTests = 200;

    private readonly string _text;
    private int _at;
    private int _depth;
    private int _tests;

    private FilterText(string text) => _text = text;

    /// <summary>The whole text as one filter; 400 with the place where it is none.</summary>
    public static FilterNode Read(string text)
    {
        var reader = new FilterText(text);
        var node = reader.Filter();
        return reader._at == text.Length ? node : throw reader.Wrong("and, or, or the end");
    }

    private FilterNode Filter()
    {
        if (++_depth > MaxDepth)
        {
            throw FhirException.Invalid($"_filter nests deeper than {MaxDepth} levels.");
        }

        var node = Operand();
        while (true)
        {
            Space();
            var start = _at;
            var word = Word();
            if (word is not ("and" or "or"))
            {
                _at = start;
                break;
            }

            node = new FilterPair(node, word == "and", Operand());
        }

        _depth--;
        return node;
    }

    private FilterNode Operand()
    {
        Space();
        if (Take('('))
        {
            var inner = Filter();
            Demand(')');
            return inner;
        }

        var start = _at;
        if (Word() == "not")
        {
            Space();
            if (Take('('))
            {
                var inner = Filter();
                Demand(')');
                return new FilterNot(inner);
            }
        }

        _at = start;
        return Test();
    }

    private FilterTest Test()
    {
        if (++_tests > MaxTests)
        {
            throw FhirException.Invalid($"_filter has more than {MaxTests} comparisons.");
        }

        var path = new List<FilterStep>();
        do
        {
            var name = Name();
            FilterNode? where = null;
            if (Take('['))
            {
                where = Filter();
                Demand(']');
            }

            path.Add(new FilterStep(name, where));
        }
        while (Take('.'));

        Space();
        var operation = Word();
        Space();
        return new FilterTest(path, operation, Value());
    }

    private string Name()
    {
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '_' or '-' or ':'))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : throw Wrong("the name of a parameter");
    }

    private string Word()
    {
        var start = _at;
        while (_at < _text.Length && char.IsAsciiLetter(_text[_at]))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private string Value()
    {
        if (Take('"'))
        {
            return Quoted();
        }

        var start = _at;
        while (_at < _text.Length && !char.IsWhiteSpace(_text[_at]) && _text[_at] is not (')' or ']'))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : throw Wrong("a value");
    }

    private string Quoted()
    {
        var plain = new StringBuilder();
        for (; _at < _text.Length; _at++)
        {
            switch (_text[_at])
            {
                case '"':
                    _at++;
                    return plain.ToString();
                case '\\' when _at + 1 < _text.Length:
                    _at++;
                    plain.Append(_text[_at] switch
                    {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        var same => same,
                    });
                    break;
                default:
                    plain.Append(_text[_at]);
                    break;
            }
        }

        throw Wrong("a closing quotation mark");
    }

    private void Space()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }
    }

    private bool Take(char character)
    {
        if (_at >= _text.Length || _text[_at] != character)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Demand(char character)
    {
        Space();
        if (!Take(character))
        {
            throw Wrong($"a {character}");
        }
    }

    private FhirException Wrong(string expected) =>
        FhirException.Invalid(FormattableString.Invariant($"_filter cannot be read at character {_at + 1}: {expected} is expected there."));
}
