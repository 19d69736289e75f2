using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Reads the part of FHIRPath (https://hl7.org/fhirpath/) that search expressions are written in: paths, unions, casts, indexers,
/// <c>where(resolve() is T)</c>, <c>where(x='y')</c>, <c>extension('url')</c>, <c>%resource</c>, <c>exists()</c>, comparisons with a
/// literal, and <c>and</c>. Null for anything else: such an expression is left to the SDK's engine.
/// </summary>
internal sealed class PathParser
{
    private readonly string _text;
    private int _at;

    private PathParser(string text) => _text = text;

    /// <summary>The branches of the union that the expression is; null where it is outside the subset.</summary>
    public static ImmutableArray<PathBranch>? Parse(string expression)
    {
        var parser = new PathParser(expression);
        var branches = parser.ReadAnd();
        parser.SkipSpace();
        return branches is not null && parser._at == expression.Length ? [.. branches] : null;
    }

    private List<PathBranch>? ReadAnd()
    {
        var start = SkipSpace();
        var left = ReadComparison();
        while (left is not null && TryWord("and"))
        {
            var right = ReadComparison();
            left = TestOf(left) is { } first && TestOf(right) is { } second
                ? [Test(left[0].Root, new AndTest(first, second), start)]
                : null;
        }

        return left;
    }

    private List<PathBranch>? ReadComparison()
    {
        var start = SkipSpace();
        var left = ReadUnion();
        var negated = false;
        if (left is null || !(TrySymbol("=") || (negated = TrySymbol("!="))))
        {
            return left;
        }

        return TestOf(left) is null && ReadLiteral() is { } literal
            ? [Test(left[0].Root, new CompareTest([.. left], negated, literal), start)]
            : null;
    }

    private List<PathBranch>? ReadUnion()
    {
        var branches = ReadCast();
        while (branches is not null && TrySymbol("|"))
        {
            var more = ReadCast();
            branches = more is null ? null : [.. branches, .. more];
        }

        return branches;
    }

    private List<PathBranch>? ReadCast()
    {
        var start = SkipSpace();
        var branches = ReadPath();
        return branches is not null && TryWord("as") ? Append(branches, Cast(ReadName()), start) : branches;
    }

    private List<PathBranch>? ReadPath()
    {
        var start = SkipSpace();
        var branches = ReadStart();
        while (branches is not null)
        {
            if (TrySymbol("["))
            {
                var step = branches.Any(branch => branch.Steps.Any(one => one is IndexStep)) ? null : ReadIndex();
                branches = TrySymbol("]") && branches.Count == 1 ? Append(branches, step, start) : null;
            }
            else if (TrySymbol("."))
            {
                branches = ReadInvocation(branches, start);
            }
            else
            {
                break;
            }
        }

        return branches;
    }

    private List<PathBranch>? ReadStart()
    {
        var start = SkipSpace();
        if (TrySymbol("("))
        {
            var inner = ReadAnd();
            return TrySymbol(")") && inner is not null ? inner.Count == 1 ? [inner[0] with { Source = Slice(start) }] : inner : null;
        }

        if (TrySymbol("%resource"))
        {
            return [new PathBranch(null, [new ResourceStep()], Slice(start))];
        }

        var name = ReadName();
        return name switch
        {
            null => null,
            _ when char.IsAsciiLetterUpper(name[0]) => [new PathBranch(name, [], Slice(start))],
            _ => [new PathBranch(null, [new ChildStep(name)], Slice(start))],
        };
    }

    private List<PathBranch>? ReadInvocation(List<PathBranch> source, int start)
    {
        var name = ReadName();
        if (name is null || !TrySymbol("("))
        {
            return Append(source, name is null ? null : new ChildStep(name), start);
        }

        switch (name)
        {
            case "as" or "ofType":
                var cast = Cast(ReadName());
                return TrySymbol(")") ? Append(source, cast, start) : null;
            case "where":
                var where = ReadWhere();
                return TrySymbol(")") ? Append(source, where, start) : null;
            case "extension":
                var url = ReadString();
                return TrySymbol(")") && url is not null
                    ? Append(Append(source, new ChildStep("extension"), start), new WhereStep("url", url), start)
                    : null;
            case "exists":
                return TrySymbol(")") && TestOf(source) is null ? [Test(source[0].Root, new ExistsTest([.. source]), start)] : null;
            default:
                return null;
        }
    }

    private PathStep? ReadWhere()
    {
        var name = ReadName();
        if (name == "resolve")
        {
            return TrySymbol("(") && TrySymbol(")") && TryWord("is") && ReadName() is { } type ? new TargetStep(type) : null;
        }

        return name is not null && TrySymbol("=") && ReadString() is { } value ? new WhereStep(name, value) : null;
    }

    private IndexStep? ReadIndex()
    {
        var start = SkipSpace();
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        return int.TryParse(_text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? new IndexStep(index)
            : null;
    }

    private object? ReadLiteral()
    {
        if (TryWord("true"))
        {
            return true;
        }

        return TryWord("false") ? false : ReadString();
    }

    private string? ReadString()
    {
        if (!TrySymbol("'"))
        {
            return null;
        }

        var start = _at;
        var end = _text.IndexOf('\'', start);
        if (end < 0 || _text.AsSpan(start, end - start).Contains('\\'))
        {
            return null;
        }

        _at = end + 1;
        return _text[start..end];
    }

    private string? ReadName()
    {
        var start = SkipSpace();
        while (_at < _text.Length
            && (char.IsAsciiLetter(_text[_at]) || _text[_at] == '_' || (_at > start && char.IsAsciiDigit(_text[_at]))))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : null;
    }

    private bool TryWord(string word)
    {
        var start = SkipSpace();
        if (ReadName() == word)
        {
            return true;
        }

        _at = start;
        return false;
    }

    private bool TrySymbol(string symbol)
    {
        SkipSpace();
        if (string.CompareOrdinal(_text, _at, symbol, 0, symbol.Length) != 0)
        {
            return false;
        }

        _at += symbol.Length;
        return true;
    }

    private int SkipSpace()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }

        return _at;
    }

    // Names of types are compared without case: R4 writes value.as(DateTime) for the type dateTime.
    private static CastStep? Cast(string? type) =>
        type is not null && ModelInfo.ModelInspector.FindClassMapping(type) is { } mapping
            ? new CastStep(mapping.Name, mapping.NativeType)
            : null;

    private List<PathBranch>? Append(List<PathBranch>? source, PathStep? step, int start) =>
        source is null || step is null || TestOf(source) is not null
            ? null
            : [.. source.Select(branch => branch with
            {
                Steps = branch.Steps.Add(step),
                Source = source.Count == 1 ? Slice(start) : $"({branch.Source}).{step.Text}",
            })];

    private static PathTest? TestOf(List<PathBranch>? branches) =>
        branches is [{ Steps: [TestStep test] }] ? test.Test : null;

    private PathBranch Test(string? root, PathTest test, int start) => new(root, [new TestStep(test, Slice(start))], Slice(start));

    private string Slice(int start) => _text[start.._at].TrimEnd();
}
