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
        [IndexKind.Token] = new TokenReader(),
        [IndexKind.Reference] = new ReferenceReader(),
        [IndexKind.Date] = new DateReader(),
        [IndexKind.Quantity] = new QuantityReader(),
        [IndexKind.String] = new StringReader(),
        [IndexKind.Uri] = new UriReader(),
    }.ToFrozenDictionary();

    /// <summary>The reader of a kind that has rows.</summary>
    public static ValueReader Of(IndexKind kind) => _readers[kind];

    /// <summary>Whether elements of the type can give rows.</summary>
    public bool Reads(Type type) => types.Any(one => one.IsAssignableFrom(type));

    /// <summary>Adds the rows of an element.</summary>
    public abstract void Read(Base element, IndexSink sink);

    // The value as it was sent. The typed properties throw where it is not of the element's type; such a value has no rows.
    protected static string? Text(PrimitiveType? element) => element?.JsonValue as string;
}

internal sealed class TokenReader() : ValueReader(
    typeof(Coding), typeof(CodeableConcept), typeof(Identifier), typeof(ContactPoint), typeof(Code), typeof(FhirBoolean),
    typeof(FhirString), typeof(Id), typeof(FhirUri), typeof(FhirUrl), typeof(Canonical), typeof(Oid), typeof(Uuid))
{
    // The code systems of required bindings: by the SDK's type for the element and the code as written.
    private static readonly FrozenDictionary<Type, FrozenDictionary<string, string>> _systems = ModelInfo.ModelInspector.EnumMappings
        .ToFrozenDictionary(
            mapping => typeof(Code<>).MakeGenericType(mapping.NativeType),
            mapping => mapping.Members
                .Where(member => (member.Value.System ?? mapping.DefaultCodeSystem) is not null)
                .ToFrozenDictionary(member => member.Key, member => (member.Value.System ?? mapping.DefaultCodeSystem)!, StringComparer.Ordinal));

    public override void Read(Base element, IndexSink sink)
    {
        switch (element)
        {
            case CodeableConcept concept:
                if (concept.TryGetValue("coding", out var codings))
                {
                    foreach (var coding in (List<Coding>)codings)
                    {
                        Read(coding, sink);
                    }
                }

                break;
            case Coding coding:
                sink.Token(Text(coding.SystemElement), Text(coding.CodeElement));
                break;
            case Code code:
                ReadCode(code, sink);
                break;
            case Identifier identifier:
                sink.Token(Text(identifier.SystemElement), Text(identifier.ValueElement));
                break;
            case ContactPoint contact when Text(contact.ValueElement) is { } value:
                sink.Token(Text(contact.SystemElement), value);
                break;
            case FhirBoolean { JsonValue: bool value }:
                sink.Token(null, value ? "true" : "false");
                break;
            case FhirString or Id or FhirUri or FhirUrl or Canonical or Oid or Uuid:
                sink.Token(null, Text((PrimitiveType)element));
                break;
        }
    }

    private static void ReadCode(Code code, IndexSink sink)
    {
        if (Text(code) is { Length: > 0 } literal)
        {
            sink.Token(_systems.GetValueOrDefault(code.GetType())?.GetValueOrDefault(literal), literal);
        }
    }
}

/// <summary>
/// A reference as a reference, and <c>Reference.identifier</c> as a token of the same parameter. A resource that is held inline
/// (in a Bundle) stands for a reference to it.
/// </summary>
internal sealed class ReferenceReader() : ValueReader(
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

                if (reference.Identifier is { } identifier)
                {
                    sink.Token(Text(identifier.SystemElement), Text(identifier.ValueElement));
                }

                break;
            case Canonical or FhirUri or FhirUrl:
                if (ReferenceTarget.TryReadCanonical(Text((PrimitiveType)element), out var url, out var named))
                {
                    sink.Reference(named, url);
                }

                break;
            case Resource { IdElement.JsonValue: string id } resource:
                sink.Reference(resource.TypeName, $"{resource.TypeName}/{id}");
                break;
        }
    }
}

/// <summary>Dates as half-open ranges. A Timing is one range, from its first event to its last, or its bounds.</summary>
internal sealed class DateReader() : ValueReader(
    typeof(Date), typeof(FhirDateTime), typeof(Instant), typeof(Period), typeof(Timing))
{
    public override void Read(Base element, IndexSink sink)
    {
        switch (element)
        {
            case Date or FhirDateTime or Instant:
                if (DateRange.TryParse(Text((PrimitiveType)element), out var range))
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
        var hasStart = DateRange.TryParse(Text(period.StartElement), out var start);
        var hasEnd = DateRange.TryParse(Text(period.EndElement), out var end);
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
        if (timing.TryGetValue("event", out var events))
        {
            foreach (var one in (List<FhirDateTime>)events)
            {
                if (DateRange.TryParse(Text(one), out var range))
                {
                    low = Math.Min(low, range.Low);
                    high = Math.Max(high, range.High);
                }
            }
        }

        if (low < high)
        {
            sink.Date(new DateRange(low, high));
        }
        else if (timing.Repeat?.Bounds is Period bounds)
        {
            ReadPeriod(bounds, sink);
        }
    }
}

/// <summary>Numbers and quantities; a Range is one row for each end it has.</summary>
internal sealed class QuantityReader() : ValueReader(
    typeof(Integer), typeof(PositiveInt), typeof(UnsignedInt), typeof(FhirDecimal), typeof(Quantity), typeof(Money), typeof(Hl7.Fhir.Model.Range))
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
                sink.Quantity(Number(money.ValueElement), Currencies, Text(money.CurrencyElement), null);
                break;
            case Hl7.Fhir.Model.Range range:
                ReadQuantity(range.Low, sink);
                ReadQuantity(range.High, sink);
                break;
            case Integer or PositiveInt or UnsignedInt or FhirDecimal:
                sink.Quantity(Number((PrimitiveType)element), null, null, null);
                break;
        }
    }

    private static void ReadQuantity(Quantity? quantity, IndexSink sink) =>
        sink.Quantity(Number(quantity?.ValueElement), Text(quantity?.SystemElement), Text(quantity?.CodeElement), Text(quantity?.UnitElement));

    private static decimal? Number(PrimitiveType? element) => element?.JsonValue switch
    {
        decimal value => value,
        int value => value,
        long value => value,
        _ => null,
    };
}

/// <summary>Strings; each part of a name and of an address is a value of its own.</summary>
internal sealed class StringReader() : ValueReader(
    typeof(FhirString), typeof(Markdown), typeof(Code), typeof(HumanName), typeof(Address), typeof(ContactPoint))
{
    public override void Read(Base element, IndexSink sink)
    {
        switch (element)
        {
            case FhirString or Markdown or Code:
                sink.Text(Text((PrimitiveType)element));
                break;
            case HumanName name:
                sink.Text(Text(name.FamilyElement));
                ReadAll(name, "given", sink);
                ReadAll(name, "prefix", sink);
                ReadAll(name, "suffix", sink);
                sink.Text(Text(name.TextElement));
                break;
            case Address address:
                ReadAll(address, "line", sink);
                sink.Text(Text(address.CityElement));
                sink.Text(Text(address.DistrictElement));
                sink.Text(Text(address.StateElement));
                sink.Text(Text(address.PostalCodeElement));
                sink.Text(Text(address.CountryElement));
                sink.Text(Text(address.TextElement));
                break;
            case ContactPoint contact:
                sink.Text(Text(contact.ValueElement));
                break;
        }
    }

    private static void ReadAll(Base element, string name, IndexSink sink)
    {
        if (element.TryGetValue(name, out var values))
        {
            foreach (var value in (List<FhirString>)values)
            {
                sink.Text(Text(value));
            }
        }
    }
}

/// <summary>URIs as written.</summary>
internal sealed class UriReader() : ValueReader(typeof(FhirUri), typeof(FhirUrl), typeof(Canonical), typeof(Oid), typeof(Uuid))
{
    public override void Read(Base element, IndexSink sink)
    {
        if (element is FhirUri or FhirUrl or Canonical or Oid or Uuid)
        {
            sink.Text(Text((PrimitiveType)element));
        }
    }
}
