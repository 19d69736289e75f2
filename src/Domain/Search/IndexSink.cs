using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Search;

/// <summary>The numbers under which a parameter writes its rows; null for those that only composites read and nobody can ask so.</summary>
internal readonly record struct RowNumbers(int Values, int? Text, int? OfType, int BaseUnit)
{
    public static RowNumbers Of(int id, bool isNamed) => new(
        id,
        isNamed ? IndexSource.IdOf(id, IndexFacet.Text) : null,
        isNamed ? IndexSource.IdOf(id, IndexFacet.OfType) : null,
        IndexSource.IdOf(id, IndexFacet.BaseUnit));
}

/// <summary>Where one extraction is: whose values are read, at which repetition, and the rows so far. One per extraction.</summary>
internal sealed class IndexSink(Resource resource, IndexValues values)
{
    // Up to here a list is searched from end to end, which is quicker than hashing for the few rows that a parameter has.
    private const int Few = 16;

    private readonly Rows<TokenValue> _tokens = new(values.Tokens);
    private readonly Rows<ReferenceValue> _references = new(values.References);
    private readonly Rows<DateValue> _dates = new(values.Dates);
    private readonly Rows<QuantityValue> _quantities = new(values.Quantities);
    private readonly Rows<StringValue> _strings = new(values.Strings);
    private RowNumbers _numbers;
    private short _item;

    /// <summary>What is indexed.</summary>
    public Resource Resource { get; } = resource;

    /// <summary>How many elements an indexer has passed in this branch.</summary>
    public int Passed { get; set; }

    /// <summary>The element that a test found; null where there is none.</summary>
    public Base? Found { get; set; }

    /// <summary>From here on rows are those of this parameter, and distinct among themselves.</summary>
    public void StartParameter(RowNumbers numbers)
    {
        _numbers = numbers;
        _tokens.Start();
        _references.Start();
        _dates.Start();
        _quantities.Start();
        _strings.Start();
    }

    /// <summary>From here on counting starts anew.</summary>
    public void StartBranch()
    {
        _item = 0;
        Passed = 0;
    }

    /// <summary>
    /// The next repetition of the base element. Repetitions beyond what the row can number share the last number: a composite may
    /// then match across them, which is better than not finding them.
    /// </summary>
    public void NextItem() => _item = _item == short.MaxValue ? _item : (short)(_item + 1);

    public void Token(string? system, string? code)
    {
        if (!string.IsNullOrEmpty(system) || !string.IsNullOrEmpty(code))
        {
            _tokens.Add(new TokenValue(_numbers.Values, _item, string.IsNullOrEmpty(system) ? null : system, code ?? string.Empty));
        }
    }

    public void Reference(string? type, string target) => _references.Add(new ReferenceValue(_numbers.Values, _item, type, target));

    public void Date(DateRange range) => _dates.Add(new DateValue(_numbers.Values, _item, range.Low, range.High));

    public void Quantity(decimal? value, string? system, string? code, string? unit)
    {
        if (value is { } number)
        {
            _quantities.Add(new QuantityValue(_numbers.Values, _item, number, system, code, unit));
            if (system == BaseUnit.Ucum && BaseUnit.Of(code) is { } converted && converted.Convert(number) is { } inBaseUnits)
            {
                _quantities.Add(new QuantityValue(_numbers.BaseUnit, _item, inBaseUnits, null, converted.Symbol, null));
            }
        }
    }

    /// <summary>What a code or a reference is called, where the parameter can be asked for that.</summary>
    public void Label(string? text)
    {
        if (_numbers.Text is { } number && !string.IsNullOrEmpty(text))
        {
            _strings.Add(new StringValue(number, _item, text));
        }
    }

    /// <summary>An identifier under its type.</summary>
    public void OfType(string? system, string code, string value)
    {
        if (_numbers.OfType is { } number)
        {
            _tokens.Add(new TokenValue(number, _item, system, $"{code}|{value}"));
        }
    }

    public void Text(string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            _strings.Add(new StringValue(_numbers.Values, _item, text));
        }
    }

    private sealed class Rows<T>(List<T> rows)
        where T : struct, IEquatable<T>
    {
        private int _start;
        private HashSet<T>? _seen;

        public void Start()
        {
            _start = rows.Count;
            _seen = null;
        }

        public void Add(T row)
        {
            if (rows.Count - _start < Few)
            {
                for (var at = _start; at < rows.Count; at++)
                {
                    if (rows[at].Equals(row))
                    {
                        return;
                    }
                }

                rows.Add(row);
            }
            else if ((_seen ??= [.. rows.Skip(_start)]).Add(row))
            {
                rows.Add(row);
            }
        }
    }
}
