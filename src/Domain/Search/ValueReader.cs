using System.Collections.Concurrent;
using System.Collections.Frozen;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Turns an element into the rows of one kind of parameter (https://hl7.org/fhir/R4/search.html#ptypes). Types that a kind has no
/// rows for are passed over.
/// </summary>
internal abstract class ValueReader(params Type[] types)
{
    private static readonly FrozenDictionary<IndexKind, ValueReader> _readers = new Dictionary<IndexKind, ValueReader>
    {
        [IndexKind.Token] = new TokenValueReader(),
        [IndexKind.Reference] = new ReferenceValueReader(),
        [IndexKind.Date] = new DateValueReader(),
        [IndexKind.Quantity] = new QuantityValueReader(),
        [IndexKind.String] = new StringValueReader(),
        [IndexKind.Uri] = new UriValueReader(),
    }.ToFrozenDictionary();

    /// <summary>The reader of a kind that has rows.</summary>
    public static ValueReader Of(IndexKind kind) => _readers[kind];

    /// <summary>Whether elements of the type can give rows.</summary>
    public bool Reads(Type type) => types.Any(one => one.IsAssignableFrom(type));

    /// <summary>Adds the rows of an element.</summary>
    public abstract void Read(Base element, IndexSink sink);

    // What was sent, through the untyped access: the typed properties throw where a value is not of its element's type, and create
    // the lists that are not there. A value of a wrong type has no rows.
    protected static T? Child<T>(Base? element, string name)
        where T : class => element is not null && element.TryGetValue(name, out var value) ? value as T : null;

    protected static string? Text(Base element) => (element as PrimitiveType)?.JsonValue as string;

    protected static string? Text(Base element, string name) => Child<PrimitiveType>(element, name)?.JsonValue as string;
}

internal sealed class TokenValueReader() : ValueReader(
    typeof(Coding), typeof(CodeableConcept), typeof(Identifier), typeof(ContactPoint), typeof(Code), typeof(FhirBoolean),
    typeof(FhirString), typeof(Id), typeof(FhirUri), typeof(FhirUrl), typeof(Canonical), typeof(Oid), typeof(Uuid))
{
    // The code systems of required bindings: by the SDK's type for the element and the code as written. Each is looked up by its type:
    // the SDK's list of all has only one of two with the same name, those of Medication and of MedicationStatement.
    private static readonly ConcurrentDictionary<Type, FrozenDictionary<string, string>> _systems = [];

    public override void Read(Base element, IndexSink sink)
    {
        switch (element)
        {
            case CodeableConcept concept:
                foreach (var coding in Child<List<Coding>>(concept, "coding") ?? [])
                {
                    Read(coding, sink);
                }

                sink.Label(Text(concept, "text"));
                break;
            case Coding coding:
                sink.Token(Text(coding, "system"), Text(coding, "code"));
                sink.Label(Text(coding, "display"));
                break;
            case Code code:
                ReadCode(code, sink);
                break;
            case Identifier identifier:
                sink.Token(Text(identifier, "system"), Text(identifier, "value"));
                ReadType(identifier, sink);
                break;
            case ContactPoint contact when Text(contact, "value") is { } value:
                sink.Token(Text(contact, "system"), value);
                break;
            case FhirBoolean { JsonValue: bool value }:
                sink.Token(null, value ? "true" : "false");
                break;
            case FhirString or Id or FhirUri or FhirUrl or Canonical or Oid or Uuid:
                sink.Token(null, Text(element));
                break;
        }
    }

    private static void ReadType(Identifier identifier, IndexSink sink)
    {
        if (Child<CodeableConcept>(identifier, "type") is not { } type)
        {
            return;
        }

        sink.Label(Text(type, "text"));
        foreach (var coding in Child<List<Coding>>(type, "coding") ?? [])
        {
            if (Text(coding, "code") is { Length: > 0 } code && Text(identifier, "value") is { Length: > 0 } value)
            {
                sink.OfType(Text(coding, "system"), code, value);
            }
        }
    }

    private static void ReadCode(Code code, IndexSink sink)
    {
        if (Text(code) is { Length: > 0 } literal)
        {
            sink.Token(_systems.GetOrAdd(code.GetType(), SystemsOf).GetValueOrDefault(literal), literal);
        }
    }

    private static FrozenDictionary<string, string> SystemsOf(Type code) =>
        code.IsGenericType && ModelInfo.ModelInspector.FindEnumMapping(code.GetGenericArguments()[0]) is { } mapping
            ? mapping.Members
                .Where(member => (member.Value.System ?? mapping.DefaultCodeSystem) is not null)
                .ToFrozenDictionary(
                    member => member.Key, member => (member.Value.System ?? mapping.DefaultCodeSystem)!, StringComparer.Ordinal)
            : FrozenDictionary<string, string>.Empty;
}

/// <summary>
/// A reference as a reference, and <c>Reference.identifier</c> as a token of the same parameter. A resource that is held inline
/// (in a Bundle) stands for a reference to it.
/// </summary>
internal sealed class ReferenceValueReader() : ValueReader(
    typeof(ResourceReference), typeof(Canonical), typeof(FhirUri), typeof(FhirUrl), typeof(Resource))
{
    public override void Read(Base element, IndexSink sink)
    {
        switch (element)
        {
            case ResourceReference reference:
                if (ReferenceTarget.TryRead(reference, out var target, out var type))
                {
                    sink.Reference(type, target);
                }

                if (Child<Identifier>(reference, "identifier") is { } identifier)
                {
                    sink.Token(Text(identifier, "system"), Text(identifier, "value"));
                }

                sink.Label(Text(reference, "display"));
                break;
            case Canonical or FhirUri or FhirUrl:
                if (ReferenceTarget.TryReadCanonical(Text(element), out var url, out var named))
                {
                    sink.Reference(named, url);
                }

                break;
            case Resource resource when Text(resource, "id") is { } id:
                sink.Reference(resource.TypeName, $"{resource.TypeName}/{id}");
                break;
        }
    }
}

/// <summary>Dates as half-open ranges. A Timing is one range, from its first event to its last, or its bounds.</summary>
internal sealed class DateValueReader() : ValueReader(
    typeof(Date), typeof(FhirDateTime), typeof(Instant), typeof(Period), typeof(Timing))
{
    public override void Read(Base element, IndexSink sink)
    {
        switch (element)
        {
            case Date or FhirDateTime or Instant:
                if (DateRange.TryParse(Text(element), out var range))
                {
                    sink.Date(range);
                }

                break;
            case Period period:
                ReadPeriod(period, sink);
                break;
            case Timing timing:
                ReadTiming(timing, sink);
                break;
        }
    }

    private static void ReadPeriod(Period period, IndexSink sink)
    {
        var hasStart = DateRange.TryParse(Text(period, "start"), out var start);
        var hasEnd = DateRange.TryParse(Text(period, "end"), out var end);
        if (hasStart || hasEnd)
        {
            var low = hasStart ? start.Low : DateRange.Earliest;

            // A period that ends before it starts is its start alone: a range must not be empty.
            sink.Date(new DateRange(low, !hasEnd ? DateRange.Latest : end.High > low ? end.High : start.High));
        }
    }

    private static void ReadTiming(Timing timing, IndexSink sink)
    {
        var low = DateRange.Latest;
        var high = DateRange.Earliest;
        foreach (var one in Child<List<FhirDateTime>>(timing, "event") ?? [])
        {
            if (DateRange.TryParse(Text(one), out var range))
            {
                low = Math.Min(low, range.Low);
                high = Math.Max(high, range.High);
            }
        }

        if (low < high)
        {
            sink.Date(new DateRange(low, high));
        }
        else if (Child<Period>(Child<Timing.RepeatComponent>(timing, "repeat"), "bounds") is { } bounds)
        {
            ReadPeriod(bounds, sink);
        }
    }
}

/// <summary>Numbers and quantities; a Range is one row for each end it has.</summary>
internal sealed class QuantityValueReader() : ValueReader(
    typeof(Integer), typeof(PositiveInt), typeof(UnsignedInt), typeof(FhirDecimal),
    typeof(Quantity), typeof(Money), typeof(Hl7.Fhir.Model.Range))
{
    private const string Currencies = "urn:iso:std:iso:4217";

    public override void Read(Base element, IndexSink sink)
    {
        switch (element)
        {
            case Quantity quantity:
                ReadQuantity(quantity, sink);
                break;
            case Money money:
                sink.Quantity(Number(Child<FhirDecimal>(money, "value")), Currencies, Text(money, "currency"), null);
                break;
            case Hl7.Fhir.Model.Range range:
                ReadQuantity(Child<Quantity>(range, "low"), sink);
                ReadQuantity(Child<Quantity>(range, "high"), sink);
                break;
            case Integer or PositiveInt or UnsignedInt or FhirDecimal:
                sink.Quantity(Number(element), null, null, null);
                break;
        }
    }

    private static void ReadQuantity(Quantity? quantity, IndexSink sink)
    {
        if (quantity is not null)
        {
            var value = Number(Child<FhirDecimal>(quantity, "value"));
            sink.Quantity(value, Text(quantity, "system"), Text(quantity, "code"), Text(quantity, "unit"));
        }
    }

    // A number that decimal cannot hold is left as text by the SDK and has no row.
    private static decimal? Number(Base? element) => (element as PrimitiveType)?.JsonValue switch
    {
        decimal value => value,
        int value => value,
        long value => value,
        _ => null,
    };
}

/// <summary>Strings; each part of a name and of an address is a value of its own.</summary>
internal sealed class StringValueReader() : ValueReader(
    typeof(FhirString), typeof(Markdown), typeof(Code), typeof(HumanName), typeof(Address), typeof(ContactPoint))
{
    public override void Read(Base element, IndexSink sink)
    {
        switch (element)
        {
            case FhirString or Markdown or Code:
                sink.Text(Text(element));
                break;
            case HumanName name:
                sink.Text(Text(name, "family"));
                ReadAll(name, "given", sink);
                ReadAll(name, "prefix", sink);
                ReadAll(name, "suffix", sink);
                sink.Text(Text(name, "text"));
                break;
            case Address address:
                ReadAll(address, "line", sink);
                sink.Text(Text(address, "city"));
                sink.Text(Text(address, "district"));
                sink.Text(Text(address, "state"));
                sink.Text(Text(address, "postalCode"));
                sink.Text(Text(address, "country"));
                sink.Text(Text(address, "text"));
                break;
            case ContactPoint contact:
                sink.Text(Text(contact, "value"));
                break;
        }
    }

    private static void ReadAll(Base element, string name, IndexSink sink)
    {
        foreach (var value in Child<List<FhirString>>(element, name) ?? [])
        {
            sink.Text(Text(value));
        }
    }
}

/// <summary>URIs as written.</summary>
internal sealed class UriValueReader() : ValueReader(typeof(FhirUri), typeof(FhirUrl), typeof(Canonical), typeof(Oid), typeof(Uuid))
{
    public override void Read(Base element, IndexSink sink)
    {
        if (element is FhirUri or FhirUrl or Canonical or Oid or Uuid)
        {
            sink.Text(Text(element));
        }
    }
}
